//! Where something happened since the client's token: in which rooms, and to whose presence.
//!
//! The ring of changes answers while it reaches back far enough, at the cost of what changed. For older tokens each
//! joined room's newest positions are compared with the token.

use std::collections::BTreeSet;

use kith_store::{
    ChangeKind, Direction, Error, Position, RoomSid, UserSid,
    tables::{
        account_data::{self, GLOBAL},
        members::{MEMBERSHIPS, Membership},
        receipts::RECEIPT_STREAM,
        rooms::ROOM_HEADS,
    },
};

use crate::moment::Moment;

/// Of how many changed rooms it is looked up one by one whether the user is in them; beyond, the user's rooms are
/// walked.
const ROOMS_LOOKED_UP_MAX: usize = 1_000;

/// Where something happened.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The rooms the user is in and something happened in.
    pub(crate) rooms: BTreeSet<RoomSid>,
    /// Those of them whose unread counts changed by something the user did elsewhere.
    pub(crate) recounted: BTreeSet<RoomSid>,
    /// The users whose presence changed; nothing if that has to be looked up.
    pub(crate) presence: Option<BTreeSet<UserSid>>,
}

impl Moment<'_> {
    /// What happened behind `since`.
    pub(crate) fn changed(&self, since: Position) -> Result<Changed, Error> {
        let Some(changes) = self.sync.store.changes().since(since) else {
            return self.changed_by_rooms(since);
        };
        let mut changed = Changed::default();
        let mut presence = BTreeSet::new();
        for change in changes.iter().take_while(|change| change.position <= self.until) {
            match &change.kind {
                ChangeKind::Event { room, .. }
                | ChangeKind::Typing { room }
                | ChangeKind::Sticky { room } => {
                    changed.rooms.insert(*room);
                }
                ChangeKind::Receipt { room, user, private } => {
                    if *user == self.user {
                        changed.recounted.insert(*room);
                    } else if !private {
                        changed.rooms.insert(*room);
                    }
                }
                ChangeKind::AccountData { user, room: Some(room) } if *user == self.user => {
                    changed.rooms.insert(*room);
                }
                ChangeKind::Unread { user, room } if *user == self.user => {
                    changed.recounted.insert(*room);
                }
                ChangeKind::Presence { user } => {
                    presence.insert(*user);
                }
                _ => {}
            }
        }
        changed.presence = Some(presence);
        changed.rooms.extend(&changed.recounted);
        changed.rooms = self.only_joined(changed.rooms)?;
        Ok(changed)
    }

    /// Those of the rooms that the user is in at the end of the answer.
    fn only_joined(&self, rooms: BTreeSet<RoomSid>) -> Result<BTreeSet<RoomSid>, Error> {
        if rooms.len() > ROOMS_LOOKED_UP_MAX {
            let joined = self.joined_rooms()?;
            return Ok(joined.into_iter().filter(|room| rooms.contains(room)).collect());
        }
        let keys: Vec<_> = rooms.iter().map(|room| (self.user, *room)).collect();
        let mut joined = BTreeSet::new();
        for (room, record) in rooms.into_iter().zip(MEMBERSHIPS.get_many(self.read, &keys)?) {
            if let Some(record) = record
                && self.membership_by_now(room, &record)? == Some(Membership::Join)
            {
                joined.insert(room);
            }
        }
        Ok(joined)
    }

    /// The rooms that the user is in at the end of the answer, in the order of their numbers.
    pub(crate) fn joined_rooms(&self) -> Result<Vec<RoomSid>, Error> {
        let mut rooms = Vec::new();
        for row in MEMBERSHIPS.scan(self.read, &(self.user,), Direction::Forward) {
            let ((_, room), record) = row?;
            if self.membership_by_now(room, &record)? == Some(Membership::Join) {
                rooms.push(room);
            }
        }
        Ok(rooms)
    }

    /// As [`Self::changed`], for tokens older than the ring.
    fn changed_by_rooms(&self, since: Position) -> Result<Changed, Error> {
        let mut changed = Changed::default();
        let joined = self.joined_rooms()?;
        for (room, heads) in joined.iter().zip(ROOM_HEADS.get_many(self.read, &joined)?) {
            if heads.is_some_and(|heads| heads.position > since)
                || self.had_ephemeral(*room, since)?
                || self.had_sticky(*room, since)?
            {
                changed.rooms.insert(*room);
            }
        }
        for row in account_data::changed(self.read, self.user, since, self.until) {
            let (_, data) = row?;
            if data.room != GLOBAL && joined.binary_search(&data.room).is_ok() {
                changed.rooms.insert(data.room);
            }
        }
        Ok(changed)
    }

    fn had_ephemeral(&self, room: RoomSid, since: Position) -> Result<bool, Error> {
        if self.sync.store.live().typing(room).is_some_and(|typing| typing.position > since) {
            return Ok(true);
        }
        let mut rows = RECEIPT_STREAM.scan(self.read, &(room,), Direction::Backward);
        let newest = rows.next().transpose()?;
        Ok(newest.is_some_and(|((_, position), _)| position > since))
    }
}
