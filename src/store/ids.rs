//! Names to small numbers and back, with a cache in front of the tables.

use std::sync::Arc;

use kith_kv::{Batch, Engine};
use parking_lot::Mutex;
use quick_cache::{Weighter, sync::Cache};
use ruma::{EventId, OwnedEventId, OwnedRoomId, OwnedServerName, OwnedUserId, RoomId, ServerName, UserId};

use crate::{
    Error,
    sids::{EventSid, RoomSid, ServerSid, StateKeySid, UserSid},
    tables::{
        counters,
        names::{self, Kind, NAMES, SIDS},
    },
};

/// How many numbers of a kind are reserved on disk at a time.
const SIDS_RESERVED: u64 = 1 << 12;
/// What a cache entry costs beside its name, in bytes.
const CACHE_ENTRY_BYTES: u64 = 80;

/// The interner: one per store.
pub struct Ids {
    engine: Arc<dyn Engine>,
    kinds: [KindIds; Kind::COUNT],
}

struct KindIds {
    next: Mutex<Counter>,
    by_name: Cache<Arc<str>, u64, ByLength>,
    by_sid: Cache<u64, Arc<str>, ByLength>,
}

struct Counter {
    next: u64,
    ceiling: u64,
}

#[derive(Clone)]
struct ByLength;

impl Weighter<Arc<str>, u64> for ByLength {
    fn weight(&self, name: &Arc<str>, _: &u64) -> u64 {
        CACHE_ENTRY_BYTES + name.len() as u64
    }
}

impl Weighter<u64, Arc<str>> for ByLength {
    fn weight(&self, _: &u64, name: &Arc<str>) -> u64 {
        CACHE_ENTRY_BYTES + name.len() as u64
    }
}

macro_rules! named_ids {
    ($($kind:ident $sid:ident $borrowed:ty, $owned:ty: $create:ident $find:ident $name:ident;)*) => {
        impl Ids {
            $(
                /// The number of a name, given out now if it has none yet.
                pub fn $create(&self, name: &$borrowed) -> Result<$sid, Error> {
                    self.intern(Kind::$kind, name.as_str()).map($sid)
                }

                /// The number of a name, if it has one.
                pub fn $find(&self, name: &$borrowed) -> Result<Option<$sid>, Error> {
                    Ok(self.find(Kind::$kind, name.as_str())?.map($sid))
                }

                /// The name of a number.
                pub fn $name(&self, sid: $sid) -> Result<$owned, Error> {
                    let name = self.name(Kind::$kind, sid.0)?;
                    <$owned>::try_from(&*name).map_err(|_| Error::Corrupt { table: "names", what: "name" })
                }
            )*
        }
    };
}

named_ids! {
    Room RoomSid RoomId, OwnedRoomId: room find_room room_id;
    User UserSid UserId, OwnedUserId: user find_user user_id;
    Event EventSid EventId, OwnedEventId: event find_event event_id;
    Server ServerSid ServerName, OwnedServerName: server find_server server_name;
}

impl Ids {
    pub(crate) fn open(engine: Arc<dyn Engine>, cache_bytes: u64) -> Result<Self, Error> {
        let per_cache = cache_bytes / (2 * Kind::COUNT as u64);
        let open_kind = |kind: Kind| {
            let ceiling = counters::sid_ceiling(&*engine, kind)?;
            Ok::<_, Error>(KindIds {
                next: Mutex::new(Counter { next: ceiling + 1, ceiling }),
                by_name: weighted(per_cache),
                by_sid: weighted(per_cache),
            })
        };
        let kinds = [
            open_kind(Kind::Room)?,
            open_kind(Kind::User)?,
            open_kind(Kind::Event)?,
            open_kind(Kind::Server)?,
            open_kind(Kind::StateKey)?,
        ];
        Ok(Self { engine, kinds })
    }

    /// The number of a `(type, state_key)` pair, given out now if it has none yet.
    pub fn state_key(&self, kind: &str, state_key: &str) -> Result<StateKeySid, Error> {
        self.intern(Kind::StateKey, &names::join_state_key(kind, state_key)).map(StateKeySid)
    }

    /// The number of a `(type, state_key)` pair, if it has one.
    pub fn find_state_key(&self, kind: &str, state_key: &str) -> Result<Option<StateKeySid>, Error> {
        Ok(self.find(Kind::StateKey, &names::join_state_key(kind, state_key))?.map(StateKeySid))
    }

    /// The `(type, state_key)` of a number.
    pub fn state_key_of(&self, sid: StateKeySid) -> Result<(String, String), Error> {
        let name = self.name(Kind::StateKey, sid.0)?;
        let (kind, state_key) =
            names::split_state_key(&name).ok_or(Error::Corrupt { table: "names", what: "state key" })?;
        Ok((kind.to_owned(), state_key.to_owned()))
    }

    /// How many bytes the caches hold.
    pub fn cache_bytes(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.by_name.weight() + kind.by_sid.weight()).sum()
    }

    fn find(&self, kind: Kind, name: &str) -> Result<Option<u64>, Error> {
        let ids = &self.kinds[kind as usize];
        if let Some(sid) = ids.by_name.get(name) {
            return Ok(Some(sid));
        }
        let found = SIDS.get(&*self.engine, &(kind as u8, name.to_owned()))?;
        if let Some(sid) = found {
            ids.by_name.insert(name.into(), sid);
        }
        Ok(found)
    }

    fn name(&self, kind: Kind, sid: u64) -> Result<Arc<str>, Error> {
        let ids = &self.kinds[kind as usize];
        if let Some(name) = ids.by_sid.get(&sid) {
            return Ok(name);
        }
        let name = NAMES
            .get(&*self.engine, &(kind as u8, sid))?
            .ok_or_else(|| Error::Missing { table: "names", key: format!("{kind:?} {sid}") })?;
        let name: Arc<str> = name.into();
        ids.by_sid.insert(sid, Arc::clone(&name));
        Ok(name)
    }

    /// The rows are written at once, outside any transaction: a number that nobody uses in the end is harmless, and
    /// the log keeps the order, so whatever refers to the number is never durable without it.
    fn intern(&self, kind: Kind, name: &str) -> Result<u64, Error> {
        if let Some(sid) = self.find(kind, name)? {
            return Ok(sid);
        }
        let ids = &self.kinds[kind as usize];
        let mut counter = ids.next.lock();
        if let Some(sid) = self.find(kind, name)? {
            return Ok(sid);
        }
        let mut batch = Batch::new();
        let sid = counter.next;
        let ceiling = if sid > counter.ceiling { counter.ceiling + SIDS_RESERVED } else { counter.ceiling };
        if ceiling > counter.ceiling {
            counters::put_sid_ceiling(&mut batch, kind, ceiling);
        }
        SIDS.put(&mut batch, &(kind as u8, name.to_owned()), &sid);
        NAMES.put(&mut batch, &(kind as u8, sid), &name.to_owned());
        self.engine.write(batch)?;
        *counter = Counter { next: sid + 1, ceiling };
        let name: Arc<str> = name.into();
        ids.by_name.insert(Arc::clone(&name), sid);
        ids.by_sid.insert(sid, name);
        Ok(sid)
    }
}

fn weighted<K: std::hash::Hash + Eq, V: Clone>(bytes: u64) -> Cache<K, V, ByLength>
where
    ByLength: Weighter<K, V>,
{
    let entries = usize::try_from(bytes / (CACHE_ENTRY_BYTES + 40)).unwrap_or(usize::MAX).max(16);
    Cache::with_weighter(entries, bytes.max(1 << 16), ByLength)
}

#[cfg(test)]
mod tests {
    use kith_kv::memory::MemoryEngine;
    use ruma::{room_id, user_id};

    use super::*;
    use crate::catalog;

    #[test]
    fn a_name_keeps_its_number_across_restarts() {
        let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new(&catalog::specs()));
        let ids = Ids::open(Arc::clone(&engine), 1 << 20).expect("opens");
        let alice = ids.user(user_id!("@alice:a.example")).expect("interns");
        assert_eq!(ids.user(user_id!("@alice:a.example")).expect("interns"), alice);
        assert_eq!(ids.find_room(room_id!("!r:a.example")).expect("reads"), None);
        let topic = ids.state_key("m.room.topic", "").expect("interns");

        let again = Ids::open(engine, 1 << 20).expect("opens");
        assert_eq!(again.find_user(user_id!("@alice:a.example")).expect("reads"), Some(alice));
        assert_eq!(again.user_id(alice).expect("reads"), "@alice:a.example");
        assert_eq!(again.state_key_of(topic).expect("reads"), ("m.room.topic".to_owned(), String::new()));
        let bob = again.user(user_id!("@bob:a.example")).expect("interns");
        assert!(bob > alice);
    }
}
