//! Which events another server gets whole: history visibility, judged for all of its users together.
//!
//! What its users may not see is handed out as redaction would leave it, so that the graph of events has no holes.
//! <https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events>

use kith_event::redact::redact;
use kith_store::{
    Error, EventSid, StateKeySid,
    state::StateRoot,
    tables::{
        accounts::ACCOUNTS,
        events::{EventMeta, Place},
        members::Membership,
    },
};
use ruma::events::room::history_visibility::HistoryVisibility;

use super::ServedRoom;
use crate::room_state::membership_of;

/// How many of a server's users are looked at to find one who was in the room at some time. Beyond it, nobody was.
const USERS_LOOKED_AT_MAX: usize = 10_000;
/// How many of them are looked up at a time.
const BATCH_USERS: usize = 64;

/// What the users of a server were to the room in one state: the most that any of them was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Presence {
    Absent,
    Invited,
    Joined,
}

/// How an event is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    Whole,
    Redacted,
}

impl ServedRoom<'_> {
    /// How an event is handed out; not at all if it may not be spoken of.
    pub(super) fn share_of(&self, event: EventSid, meta: &EventMeta) -> Result<Option<Share>, Error> {
        if !self.may_leave(meta) {
            return Ok(None);
        }
        if let Some(since) = self.only_own {
            if !self.is_own(meta)? {
                return Ok(None);
            }
            let position = meta.place.as_ref().and_then(|place| place.position);
            if position.is_some_and(|position| position >= since) {
                return Ok(Some(Share::Whole));
            }
        }
        let Some(place) = &meta.place else {
            // What has no place in the room's order came as somebody's authority; that much every server may have.
            return Ok(meta.state_key.is_some().then_some(Share::Whole));
        };
        let may_see = self.state_allows(place.state_after)?
            || (meta.state_key.is_some() && self.state_allows(place.state_before)?)
            || (!self.parted && self.rooms.is_sticky(self.read, event)?);
        let whole = may_see && !self.is_erased_for(meta, place)?;
        Ok(Some(if whole { Share::Whole } else { Share::Redacted }))
    }

    /// The text of an event as the server gets it, if it does.
    pub(super) fn text_of(&self, event: EventSid, meta: &EventMeta) -> Result<Option<String>, Error> {
        let Some(share) = self.share_of(event, meta)? else { return Ok(None) };
        let pdu = self.rooms.pdu(event)?;
        Ok(Some(match share {
            Share::Whole => pdu.json().to_owned(),
            Share::Redacted => redact(&pdu, None).json().to_owned(),
        }))
    }

    fn state_allows(&self, root: StateRoot) -> Result<bool, Error> {
        Ok(match self.visibility_at(root)? {
            // The server is in the room now, or was at a later event, from which it asks backwards.
            HistoryVisibility::WorldReadable | HistoryVisibility::Shared => true,
            HistoryVisibility::Invited => self.presence_at(root)? >= Presence::Invited,
            _ => self.presence_at(root)? >= Presence::Joined,
        })
    }

    /// Whether the sender was erased, and the server had nobody there who read the event in time.
    fn is_erased_for(&self, meta: &EventMeta, place: &Place) -> Result<bool, Error> {
        if meta.state_key.is_some() {
            return Ok(false);
        }
        let erased = ACCOUNTS.get(self.read, &meta.sender)?.is_some_and(|account| account.erased);
        Ok(erased && self.presence_at(place.state_after)? < Presence::Joined)
    }

    /// The history visibility of a state. Where nothing, or nothing known, is set, it is `shared`.
    fn visibility_at(&self, root: StateRoot) -> Result<HistoryVisibility, Error> {
        if let Some(known) = self.visibilities.borrow().get(&root) {
            return Ok(known.clone());
        }
        let event = match self.visibility_key {
            Some(key) => self.states.get(root, key)?,
            None => None,
        };
        let set: Option<HistoryVisibility> = match event {
            Some(event) => self.rooms.pdu(event)?.content_field("history_visibility"),
            None => None,
        };
        let visibility = match set {
            Some(
                known @ (HistoryVisibility::WorldReadable
                | HistoryVisibility::Invited
                | HistoryVisibility::Joined),
            ) => known,
            _ => HistoryVisibility::Shared,
        };
        self.visibilities.borrow_mut().insert(root, visibility.clone());
        Ok(visibility)
    }

    pub(super) fn presence_at(&self, root: StateRoot) -> Result<Presence, Error> {
        if let Some(known) = self.presences.borrow().get(&root) {
            return Ok(*known);
        }
        let mut presence = Presence::Absent;
        for keys in self.member_keys()?.chunks(BATCH_USERS) {
            for event in self.states.get_many(root, keys)?.into_iter().flatten() {
                presence = presence.max(match membership_of(&self.rooms.pdu(event)?) {
                    Some(Membership::Join) => Presence::Joined,
                    Some(Membership::Invite) => Presence::Invited,
                    _ => Presence::Absent,
                });
            }
            if presence == Presence::Joined {
                break;
            }
        }
        self.presences.borrow_mut().insert(root, presence);
        Ok(presence)
    }

    /// The state keys of the server's users, first those who are in the room now, and of those the ones who came
    /// first: most likely one of them was there at any time that is asked about.
    pub(super) fn member_keys(&self) -> Result<&[StateKeySid], Error> {
        if let Some(known) = self.member_keys.get() {
            return Ok(known);
        }
        const ALL: [Membership; 5] =
            [Membership::Join, Membership::Leave, Membership::Invite, Membership::Ban, Membership::Knock];
        let ids = self.rooms.store.ids();
        let mut keys = Vec::new();
        // Whoever is not in the room and may ask all the same had users there who left or were put out.
        let memberships = if self.parted { [Membership::Leave, Membership::Ban].as_slice() } else { &ALL };
        for membership in memberships.iter().copied() {
            let mut members = self.rooms.members_now(self.read, self.room.sid, membership)?;
            members.sort_unstable_by_key(|(_, event)| *event);
            for (user, _) in members {
                let user_id = ids.user_id(user)?;
                if user_id.server_name() == self.server && keys.len() < USERS_LOOKED_AT_MAX {
                    keys.extend(ids.find_state_key("m.room.member", user_id.as_str())?);
                }
            }
        }
        Ok(self.member_keys.get_or_init(|| keys))
    }
}
