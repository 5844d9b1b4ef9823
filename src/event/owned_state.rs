//! State that belongs to the user whose id its key begins with. The rules of the room version are ruma's, which know
//! only keys that are a user id and nothing more; so ruma gets to see another key, once the rule that takes the place
//! of its own has been asked.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/3757>

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use ruma::{
    EventId, MilliSecondsSinceUnixEpoch, OwnedEventId, OwnedUserId, RoomId, UserId,
    events::{StateEventType, TimelineEventType},
    room_version_rules::StateResolutionV2Rules,
    state_res::{Event, StateMap, resolve, utils::event_id_set::EventIdSet},
};
use serde_json::value::RawValue;

use crate::{Pdu, RoomVersion, power::Powers};

/// What is put before a key so that ruma sees no user id.
const MASK: char = '\u{1}';

/// Why a state key is not what it has to be where state can be owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a state key that begins with @ must be a user id, or a user id and an underscore and more")]
pub struct MalformedKey;

/// Whose an entry of the state is. Members are the business of other rules.
pub fn owner(kind: &TimelineEventType, state_key: &str) -> Result<Option<OwnedUserId>, MalformedKey> {
    if *kind == TimelineEventType::RoomMember || !state_key.starts_with('@') {
        return Ok(None);
    }
    let colon = state_key.find(':').ok_or(MalformedKey)?;
    let end = state_key[colon..].find('_').map_or(state_key.len(), |more| colon + more);
    UserId::parse(&state_key[..end]).map(Some).map_err(|_| MalformedKey)
}

/// Whether the sender may write the entry: it is theirs, or they have more power than whose it is.
pub(crate) fn allows(pdu: &Pdu, state: impl Fn(&StateEventType, &str) -> Option<Pdu>) -> bool {
    let Ok(owner) = owner(pdu.kind(), pdu.state_key().unwrap_or_default()) else { return false };
    let Some(owner) = owner.filter(|owner| owner != pdu.sender()) else { return true };
    let Some(create) = state(&StateEventType::RoomCreate, "") else { return false };
    let powers = Powers::new(&create, state(&StateEventType::RoomPowerLevels, "").as_ref());
    powers.of(pdu.sender()) > powers.of(&owner)
}

/// An event as ruma gets to see it.
#[derive(Clone)]
pub(crate) struct Masked {
    pdu: Pdu,
    /// Another key than that of the event.
    state_key: Option<String>,
}

impl Masked {
    /// An event that [`allows`] said of whether its sender may write it.
    pub(crate) fn new(pdu: Pdu, allowed: bool) -> Self {
        let key = pdu.state_key().filter(|_| allowed && *pdu.kind() != TimelineEventType::RoomMember);
        let state_key = key.map(masked);
        Self { pdu, state_key }
    }
}

/// State resolution version 2 where state can be owned. The power levels come out of it the same whoever may write the
/// entries of others, as nothing rests on those: so it is asked once without them, and then with those of them which
/// the power levels allow.
pub(crate) fn resolve_masked(
    room_version: &RoomVersion,
    rules: &StateResolutionV2Rules,
    forks: &[StateMap<OwnedEventId>],
    chains: Vec<EventIdSet<OwnedEventId>>,
    fetch: impl Fn(&EventId) -> Option<Pdu>,
    subgraph: &HashSet<OwnedEventId>,
) -> Result<StateMap<OwnedEventId>, String> {
    let forks: Vec<StateMap<OwnedEventId>> = forks.iter().map(|fork| with_keys(fork, masked)).collect();
    let run = |allows: &dyn Fn(&Pdu) -> bool| {
        resolve(
            room_version.auth(),
            rules,
            &forks,
            chains.clone(),
            |event_id| fetch(event_id).map(|pdu| Masked::new(pdu.clone(), allows(&pdu))),
            |_| Some(subgraph.iter().cloned().collect()),
        )
        .map_err(|error| error.to_string())
    };
    let first = run(&|pdu| allows(pdu, |_, _| None))?;
    let entry = |kind: &StateEventType, state_key: &str| {
        first.get(&(kind.clone(), state_key.to_owned())).and_then(|event_id| fetch(event_id))
    };
    let resolved = run(&|pdu| allows(pdu, entry))?;
    Ok(with_keys(&resolved, |key| key.strip_prefix(MASK).unwrap_or(key).to_owned()))
}

/// Injective: what begins with the mask gets another one.
fn masked(state_key: &str) -> String {
    if state_key.starts_with(['@', MASK]) { format!("{MASK}{state_key}") } else { state_key.to_owned() }
}

fn with_keys(state: &StateMap<OwnedEventId>, change: impl Fn(&str) -> String) -> StateMap<OwnedEventId> {
    let entries = state.iter().map(|((kind, state_key), event_id)| {
        let is_member = *kind == StateEventType::RoomMember;
        let state_key = if is_member { state_key.clone() } else { change(state_key) };
        ((kind.clone(), state_key), event_id.clone())
    });
    entries.collect()
}

impl Event for Masked {
    type Id = OwnedEventId;

    fn event_id(&self) -> &OwnedEventId {
        self.pdu.event_id()
    }

    fn room_id(&self) -> Option<&RoomId> {
        Event::room_id(&self.pdu)
    }

    fn sender(&self) -> &UserId {
        self.pdu.sender()
    }

    fn origin_server_ts(&self) -> MilliSecondsSinceUnixEpoch {
        Event::origin_server_ts(&self.pdu)
    }

    fn event_type(&self) -> &TimelineEventType {
        self.pdu.kind()
    }

    fn content(&self) -> &RawValue {
        self.pdu.content()
    }

    fn state_key(&self) -> Option<&str> {
        self.state_key.as_deref().or_else(|| self.pdu.state_key())
    }

    fn prev_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Event::prev_events(&self.pdu)
    }

    fn auth_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Event::auth_events(&self.pdu)
    }

    fn redacts(&self) -> Option<&OwnedEventId> {
        Event::redacts(&self.pdu)
    }

    fn rejected(&self) -> bool {
        self.pdu.rejected()
    }
}
