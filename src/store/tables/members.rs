//! `memberships`, `room_members`, `membership_stream`, `local_joined`, `room_servers`, `server_rooms`: who is in
//! which room, from both sides, and when that changed.
//!
//! These rows follow the current state (for invites and knocks to rooms this server is not in: what it was told).

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{EventSid, Position, RoomSid, ServerSid, UserSid},
    table::Table,
};

/// `(user, room) → the user's membership`, for users of every server.
pub static MEMBERSHIPS: Table<(UserSid, RoomSid), MembershipRecord> = Table::new(families::MEMBERSHIPS);
/// `(room, membership, user) → ()`: the members of a room by membership.
pub static ROOM_MEMBERS: Table<(RoomSid, u8, UserSid), ()> = Table::new(families::ROOM_MEMBERS);
/// `(user, position) → (room, membership)`: each change of a local user's membership; `/sync` reads it.
pub static MEMBERSHIP_STREAM: Table<(UserSid, Position), MembershipChange> =
    Table::new(families::MEMBERSHIP_STREAM);

/// `(room, user) → ()`: the joined members that are this server's own; those to wake when something happens.
pub static LOCAL_JOINED: Table<(RoomSid, UserSid), ()> = Table::new(families::LOCAL_JOINED);
/// `(room, server) → how many of its users are joined`; in a room of which a part of the state is known, 0 for a server
/// that is said to be there.
pub static ROOM_SERVERS: Table<(RoomSid, ServerSid), u64> = Table::new(families::ROOM_SERVERS);
/// `(server, room) → ()`: the rooms in which a server has joined users.
pub static SERVER_ROOMS: Table<(ServerSid, RoomSid), ()> = Table::new(families::SERVER_ROOMS);

/// What a user is to a room. The discriminant is part of keys and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Membership {
    /// In the room.
    Join = 0,
    /// Asked in.
    Invite = 1,
    /// Asking to be let in.
    Knock = 2,
    /// Gone, or declined, or thrown out.
    Leave = 3,
    /// Kept out.
    Ban = 4,
}

impl Membership {
    /// The word of the specification.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Invite => "invite",
            Self::Knock => "knock",
            Self::Leave => "leave",
            Self::Ban => "ban",
        }
    }

    /// The membership that a word means.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "join" => Self::Join,
            "invite" => Self::Invite,
            "knock" => Self::Knock,
            "leave" => Self::Leave,
            "ban" => Self::Ban,
            _ => return None,
        })
    }
}

/// A user's place in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipRecord {
    /// What the user is to the room.
    pub membership: Membership,
    /// The membership event.
    pub event: EventSid,
    /// When it became so.
    pub position: Position,
    /// Who sent the membership event, if not the user: an inviter, a kicker.
    pub sender: UserSid,
    /// The user asked never to hear of the room again.
    pub forgotten: bool,
    /// For invites and knocks: the stripped state to show, as a JSON array; for rooms this server is in, taken when
    /// the event was made.
    pub stripped_state: Option<String>,
    /// The user was in the room (joined) at some time, so that it shows among left rooms.
    pub was_joined: bool,
    /// The invite says that the room is a direct chat.
    pub is_direct: bool,
}
record!(MembershipRecord, 1);

/// One row of a user's membership stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipChange {
    /// The room.
    pub room: RoomSid,
    /// What the user became.
    pub membership: Membership,
    /// The membership event.
    pub event: EventSid,
}
record!(MembershipChange, 1);
