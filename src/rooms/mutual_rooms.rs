//! The rooms that two users share.
//!
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mutual_rooms>

use kith_store::{
    Direction, Error, Read, RoomSid, UserSid,
    tables::members::{MEMBERSHIPS, Membership},
};
use ruma::{OwnedRoomId, UserId};

use crate::{ReadError, Rooms, tokens::UnknownToken};

/// How many rooms a page has.
const PAGE_ROOMS: usize = 500;

/// A page of the rooms that two users share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MutualRooms {
    /// The rooms.
    pub joined: Vec<OwnedRoomId>,
    /// How many there are on all pages.
    pub count: usize,
    /// Where to go on.
    pub next_batch: Option<String>,
}

impl Rooms {
    /// `/mutual_rooms`: the rooms that `user` and `other` are both in. Nobody shares a room with a user who does not
    /// exist.
    pub fn mutual_rooms(
        &self,
        read: &dyn Read,
        user: UserSid,
        other: &UserId,
        from: Option<&str>,
    ) -> Result<MutualRooms, ReadError> {
        let from = from.map_or(Ok(RoomSid(0)), parse)?;
        let shared = match self.store.ids().find_user(other)? {
            Some(other) => shared(read, user, other)?,
            None => Vec::new(),
        };
        let start = shared.partition_point(|room| *room < from);
        let end = shared.len().min(start + PAGE_ROOMS);
        let mut joined = Vec::with_capacity(end - start);
        for room in &shared[start..end] {
            joined.push(self.store.ids().room_id(*room)?);
        }
        let next_batch = shared.get(end).map(|room| format!("m1_{}", room.0));
        Ok(MutualRooms { joined, count: shared.len(), next_batch })
    }
}

fn parse(token: &str) -> Result<RoomSid, UnknownToken> {
    token.strip_prefix("m1_").and_then(|room| room.parse().ok()).map(RoomSid).ok_or(UnknownToken)
}

/// In the order of the rooms' numbers.
fn shared(read: &dyn Read, user: UserSid, other: UserSid) -> Result<Vec<RoomSid>, Error> {
    let mut rooms = Vec::new();
    for row in MEMBERSHIPS.scan(read, &(user,), Direction::Forward) {
        let ((_, room), record) = row?;
        if record.membership == Membership::Join {
            rooms.push(room);
        }
    }
    let keys: Vec<_> = rooms.iter().map(|room| (other, *room)).collect();
    let records = MEMBERSHIPS.get_many(read, &keys)?;
    let is_joined = |record: Option<_>| {
        record.is_some_and(|record: kith_store::tables::members::MembershipRecord| {
            record.membership == Membership::Join
        })
    };
    Ok(rooms
        .into_iter()
        .zip(records)
        .filter_map(|(room, record)| is_joined(record).then_some(room))
        .collect())
}
