//! What a room's state holds beside its members: the part that every client gets whole, however many members a room
//! has.
//!
//! Kept ready per room for one state; another state of the room is reached by the difference between the two, so a
//! room of a hundred thousand members is walked once and not for every client that starts.

use std::sync::Arc;

use kith_store::{Error, EventSid, RoomSid, StateKeySid, state::StateRoot};
use quick_cache::{Weighter, sync::Cache};

use crate::moment::Moment;

/// How many bytes of states are kept ready.
const PLAIN_STATES_BYTES: u64 = 8 << 20;
/// What a state costs beside its entries, in bytes.
const STATE_BYTES: u64 = 128;
/// What a state is expected to weigh, in bytes.
const TYPICAL_BYTES: u64 = 512;

/// The entries of a state other than its members, sorted by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlainState {
    root: StateRoot,
    pub(crate) entries: Vec<(StateKeySid, EventSid)>,
}

/// Plain states by room.
pub(crate) struct PlainStates(Cache<RoomSid, Arc<PlainState>, ByLength>);

#[derive(Clone)]
struct ByLength;

impl Weighter<RoomSid, Arc<PlainState>> for ByLength {
    fn weight(&self, _: &RoomSid, state: &Arc<PlainState>) -> u64 {
        STATE_BYTES + size_of_val(&*state.entries) as u64
    }
}

impl Default for PlainStates {
    fn default() -> Self {
        let states = usize::try_from(PLAIN_STATES_BYTES / TYPICAL_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(states, PLAIN_STATES_BYTES, ByLength))
    }
}

impl Moment<'_> {
    /// The entries of a state other than its members.
    pub(crate) fn plain_state(&self, room: RoomSid, root: StateRoot) -> Result<Arc<PlainState>, Error> {
        let cache = &self.sync.plain_states.0;
        let known = cache.get(&room);
        if let Some(known) = &known
            && known.root == root
        {
            return Ok(Arc::clone(known));
        }
        let states = self.states(room);
        let entries = match known {
            Some(known) => {
                let mut entries = known.entries.clone();
                for (key, _, now) in states.diff(known.root, root)? {
                    if !self.is_member_key(key)? {
                        set(&mut entries, key, now);
                    }
                }
                entries
            }
            None => {
                let mut entries = Vec::new();
                for entry in states.iter(root) {
                    let (key, event) = entry?;
                    if !self.is_member_key(key)? {
                        entries.push((key, event));
                    }
                }
                entries.sort_unstable();
                entries
            }
        };
        let state = Arc::new(PlainState { root, entries });
        cache.insert(room, Arc::clone(&state));
        Ok(state)
    }

    /// Whether an entry of a state is somebody's membership.
    pub(crate) fn is_member_key(&self, key: StateKeySid) -> Result<bool, Error> {
        Ok(self.sync.store.ids().state_key_of(key)?.0 == "m.room.member")
    }
}

fn set(entries: &mut Vec<(StateKeySid, EventSid)>, key: StateKeySid, event: Option<EventSid>) {
    match (entries.binary_search_by_key(&key, |(key, _)| *key), event) {
        (Ok(at), Some(event)) => entries[at].1 = event,
        (Ok(at), None) => {
            entries.remove(at);
        }
        (Err(at), Some(event)) => entries.insert(at, (key, event)),
        (Err(_), None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_set_replaced_and_removed() {
        let mut entries = vec![(StateKeySid(2), EventSid(2))];
        set(&mut entries, StateKeySid(1), Some(EventSid(1)));
        set(&mut entries, StateKeySid(2), Some(EventSid(3)));
        set(&mut entries, StateKeySid(3), None);
        assert_eq!(entries, [(StateKeySid(1), EventSid(1)), (StateKeySid(2), EventSid(3))]);
        set(&mut entries, StateKeySid(1), None);
        assert_eq!(entries, [(StateKeySid(2), EventSid(3))]);
    }
}
