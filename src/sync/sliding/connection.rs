//! A connection: one stream of answers to one client, and what it has been told.
//!
//! An answer counts as received only when the client comes back with its token. Until then it is pending, and a client
//! that asks again with the token before gets a new answer in its place. Connections are rows, so they survive a
//! restart; they are written without waiting for the disk, because losing one costs no more than a fresh start.

use std::{collections::HashMap, sync::Arc};

use kith_store::{
    Direction, Error, RoomSid, Store, UserSid,
    tables::sliding::{Pending, SLIDING_CONNECTIONS, SLIDING_ROOMS, SlidingConnection, Step, ToldRoom},
};
use parking_lot::Mutex;

use super::{SlidingError, kept::Kept};

/// How many bytes of connections are kept ready in memory.
const CONNECTIONS_BYTES: u64 = 32 << 20;
/// What a connection costs beside its rooms, and what a room of it costs, in bytes.
const CONNECTION_BYTES: u64 = 512;
const ROOM_BYTES: u64 = 64;
/// How many connections a device may have; the one that was used longest ago makes room for a new one.
const CONNECTIONS_OF_DEVICE_MAX: usize = 16;
/// How many different sets of required state a connection remembers before the client has to start over.
const REQUIRED_STATES_MAX: usize = 256;

/// Whose connection it is: user, device, and the client's own name for it.
pub(super) type ConnectionKey = (UserSid, String, String);

/// A connection as it stands.
pub(super) struct Connection {
    key: ConnectionKey,
    record: SlidingConnection,
    /// What the client has surely been told of rooms.
    rooms: HashMap<RoomSid, ToldRoom>,
    /// Rooms of `rooms` whose rows are still to be written.
    unwritten: Vec<RoomSid>,
}

/// The connections that were used lately.
pub(super) struct Connections(Kept<ConnectionKey, Connection>);

impl Default for Connections {
    fn default() -> Self {
        Self(Kept::new(CONNECTIONS_BYTES, 4 * CONNECTION_BYTES))
    }
}

impl Connections {
    /// A connection that begins anew.
    pub(super) fn begin(
        &self,
        store: &Store,
        key: &ConnectionKey,
        now_ms: u64,
    ) -> Result<Arc<Mutex<Connection>>, Error> {
        let mut txn = store.begin();
        let generation = txn.position()?.0;
        let mut others = Vec::new();
        let of_device = (key.0, key.1.clone());
        for row in SLIDING_CONNECTIONS.scan(store.engine(), &of_device, Direction::Forward) {
            let (other, record) = row?;
            if other != *key {
                others.push((record.used_ms, other));
            }
        }
        others.sort_unstable_by_key(|(used_ms, _)| *used_ms);
        let surplus = (others.len() + 1).saturating_sub(CONNECTIONS_OF_DEVICE_MAX);
        for (_, other) in others.drain(..surplus.min(others.len())) {
            SLIDING_CONNECTIONS.delete(&mut txn.batch, &other);
            SLIDING_ROOMS.delete_prefix(&mut txn.batch, &other);
            self.0.remove(&other);
        }
        let record = SlidingConnection {
            generation,
            confirmed: Step::default(),
            pending: None,
            required_states: Vec::new(),
            used_ms: now_ms,
        };
        SLIDING_ROOMS.delete_prefix(&mut txn.batch, key);
        SLIDING_CONNECTIONS.put(&mut txn.batch, key, &record);
        // Not awaited: see above.
        let _written = store.commit(txn)?;
        let connection =
            Connection { key: key.clone(), record, rooms: HashMap::new(), unwritten: Vec::new() };
        let connection = Arc::new(Mutex::new(connection));
        self.keep(key.clone(), Arc::clone(&connection), 0);
        Ok(connection)
    }

    /// A connection that goes on.
    pub(super) fn find(
        &self,
        store: &Store,
        key: &ConnectionKey,
    ) -> Result<Option<Arc<Mutex<Connection>>>, Error> {
        if let Some(connection) = self.0.get(key) {
            return Ok(Some(connection));
        }
        let Some(record) = SLIDING_CONNECTIONS.get(store.engine(), key)? else { return Ok(None) };
        let mut rooms = HashMap::new();
        for row in SLIDING_ROOMS.scan(store.engine(), key, Direction::Forward) {
            let ((.., room), told) = row?;
            rooms.insert(room, told);
        }
        let count = rooms.len();
        let connection = Connection { key: key.clone(), record, rooms, unwritten: Vec::new() };
        let connection = Arc::new(Mutex::new(connection));
        self.keep(key.clone(), Arc::clone(&connection), count);
        Ok(Some(connection))
    }

    /// Keeps a connection that has been told of this many rooms.
    pub(super) fn keep(&self, key: ConnectionKey, connection: Arc<Mutex<Connection>>, rooms: usize) {
        self.0.put(key, connection, CONNECTION_BYTES + ROOM_BYTES * rooms as u64);
    }
}

/// A token: which connection, and which of its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pos {
    generation: u64,
    number: u64,
}

impl Pos {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (generation, number) = text.strip_prefix("l1_")?.split_once('_')?;
        Some(Self { generation: u64::from_str_radix(generation, 16).ok()?, number: number.parse().ok()? })
    }
}

impl std::fmt::Display for Pos {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "l1_{:x}_{}", self.generation, self.number)
    }
}

impl Connection {
    /// Goes to where the client is: the answer it names has arrived, and any later one is void.
    pub(super) fn go_to(&mut self, pos: Pos) -> Result<(), SlidingError> {
        if pos.generation != self.record.generation {
            return Err(SlidingError::UnknownPos);
        }
        if pos.number == self.record.confirmed.number {
            self.record.pending = None;
            return Ok(());
        }
        match self.record.pending.take() {
            Some(pending) if pending.step.number == pos.number => {
                for (room, told) in pending.rooms {
                    self.rooms.insert(room, told);
                    self.unwritten.push(room);
                }
                self.record.confirmed = pending.step;
                Ok(())
            }
            pending => {
                self.record.pending = pending;
                Err(SlidingError::UnknownPos)
            }
        }
    }

    /// Where the client is.
    pub(super) fn pos(&self) -> Pos {
        Pos { generation: self.record.generation, number: self.record.confirmed.number }
    }

    /// Up to where the client knows what belongs to no room.
    pub(super) fn step(&self) -> &Step {
        &self.record.confirmed
    }

    /// Of how many rooms the client has been told.
    pub(super) fn rooms(&self) -> usize {
        self.rooms.len()
    }

    /// What the client knows of a room.
    pub(super) fn told(&self, room: RoomSid) -> Option<ToldRoom> {
        self.rooms.get(&room).copied()
    }

    /// The required state with which a room was told.
    pub(super) fn required_state(&self, told: ToldRoom) -> &[(String, String)] {
        self.record.required_states.get(told.required_state as usize).map_or(&[], Vec::as_slice)
    }

    /// The number of a set of required state.
    pub(super) fn number_of(&mut self, required_state: &[(String, String)]) -> Result<u32, SlidingError> {
        let sets = &mut self.record.required_states;
        let number = match sets.iter().position(|set| set == required_state) {
            Some(number) => number,
            None if sets.len() < REQUIRED_STATES_MAX => {
                sets.push(required_state.to_vec());
                sets.len() - 1
            }
            None => return Err(SlidingError::UnknownPos),
        };
        u32::try_from(number).map_err(|_| SlidingError::UnknownPos)
    }

    /// Notes the answer that goes out now; the token that comes with it.
    pub(super) fn answer(
        &mut self,
        store: &Store,
        step: Step,
        rooms: Vec<(RoomSid, ToldRoom)>,
        now_ms: u64,
    ) -> Result<Pos, Error> {
        let number = self.record.confirmed.number + 1;
        self.record.pending = Some(Pending { step: Step { number, ..step }, rooms });
        self.record.used_ms = now_ms;
        let mut txn = store.begin();
        for room in self.unwritten.drain(..) {
            if let Some(told) = self.rooms.get(&room) {
                let (user, device, name) = self.key.clone();
                SLIDING_ROOMS.put(&mut txn.batch, &(user, device, name, room), told);
            }
        }
        SLIDING_CONNECTIONS.put(&mut txn.batch, &self.key, &self.record);
        let _written = store.commit(txn)?;
        Ok(Pos { generation: self.record.generation, number })
    }
}

/// Forgets the connections that nobody used since `before_ms`.
pub(super) fn sweep(store: &Store, before_ms: u64) -> Result<(), Error> {
    let mut txn = store.begin();
    for row in SLIDING_CONNECTIONS.scan(store.engine(), &(), Direction::Forward) {
        let (key, record) = row?;
        if record.used_ms < before_ms {
            SLIDING_CONNECTIONS.delete(&mut txn.batch, &key);
            SLIDING_ROOMS.delete_prefix(&mut txn.batch, &key);
        }
    }
    let _written = store.commit(txn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use kith_kv::memory::MemoryEngine;
    use kith_store::{Options, Position, catalog};

    use super::*;

    fn told(upto: u64) -> ToldRoom {
        ToldRoom { upto: Position(upto), extras: None, timeline_limit: 1, required_state: 0 }
    }

    #[test]
    fn an_answer_counts_once_the_client_comes_back_with_its_token() {
        let engine = Arc::new(MemoryEngine::new(&catalog::specs()));
        let store = Store::open(engine, Options::default()).expect("opens");
        let key = (UserSid(1), "PHONE".to_owned(), "room-list".to_owned());
        let connections = Connections::default();
        let connection = connections.begin(&store, &key, 0).expect("begins");
        let mut open = connection.lock();
        let start = open.pos();
        let first = open.answer(&store, Step::default(), vec![(RoomSid(1), told(5))], 0).expect("writes");
        assert_eq!(open.told(RoomSid(1)), None);
        // The answer was lost on the way: the client asks again.
        open.go_to(start).expect("still there");
        assert!(open.go_to(first).is_err(), "a void answer is no place to go on from");
        let second = open.answer(&store, Step::default(), vec![(RoomSid(1), told(6))], 0).expect("writes");
        drop(open);

        // After a restart the pending answer is still known.
        let connections = Connections::default();
        let connection = connections.find(&store, &key).expect("reads").expect("is there");
        let mut open = connection.lock();
        open.go_to(second).expect("has arrived");
        assert_eq!(open.told(RoomSid(1)), Some(told(6)));
        assert!(open.go_to(start).is_err(), "nobody goes back behind what has arrived");
        let third = open.answer(&store, Step::default(), Vec::new(), 0).expect("writes");
        assert_eq!(Pos::parse(&third.to_string()), Some(third));
        drop(open);
        let again = Connections::default().find(&store, &key).expect("reads").expect("is there");
        assert_eq!(again.lock().told(RoomSid(1)), Some(told(6)), "the rows were written");

        sweep(&store, 1).expect("sweeps");
        assert!(Connections::default().find(&store, &key).expect("reads").is_none());
    }

    #[test]
    fn a_device_has_a_bounded_number_of_connections() {
        let engine = Arc::new(MemoryEngine::new(&catalog::specs()));
        let store = Store::open(engine, Options::default()).expect("opens");
        let connections = Connections::default();
        for number in 0..CONNECTIONS_OF_DEVICE_MAX as u64 + 3 {
            let key = (UserSid(1), "PHONE".to_owned(), number.to_string());
            connections.begin(&store, &key, number).expect("begins");
        }
        let prefix = (UserSid(1), "PHONE".to_owned());
        let rows = SLIDING_CONNECTIONS.scan(store.engine(), &prefix, Direction::Forward);
        assert_eq!(rows.count(), CONNECTIONS_OF_DEVICE_MAX);
        let oldest = (UserSid(1), "PHONE".to_owned(), "0".to_owned());
        assert!(connections.find(&store, &oldest).expect("reads").is_none());
    }
}
