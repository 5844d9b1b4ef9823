//! The members after whom clients name a room that has no name.
//!
//! <https://spec.matrix.org/v1.19/client-server-api/#calculating-the-display-name-for-a-room>

use kith_store::{
    Direction, Error, Position, Read, RoomSid, UserSid,
    state::StateRoot,
    tables::members::{MEMBERSHIPS, Membership, ROOM_MEMBERS},
};
use ruma::events::StateEventType;

use crate::Rooms;

/// How many heroes a room has.
pub const HEROES: usize = 5;
/// Of how many members the ones who came first are taken. A room with more members than this and no name gets heroes
/// who came early, not surely the earliest.
const MEMBERS_CONSIDERED_MAX: usize = 64;

impl Rooms {
    /// Whether a state gives the room a name or a canonical alias, so that nobody needs its heroes.
    pub fn has_name(&self, room: RoomSid, root: StateRoot) -> Result<bool, Error> {
        let state = self.state_at(room, root);
        for (kind, field) in
            [(StateEventType::RoomName, "name"), (StateEventType::RoomCanonicalAlias, "alias")]
        {
            let text = state.get(&kind, "")?.and_then(|pdu| pdu.content_field::<String>(field));
            if text.is_some_and(|text| !text.is_empty()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The heroes of a room for one user: the first five others who are in it or invited, or, where nobody is, who
    /// left it or were banned.
    pub fn heroes(&self, read: &dyn Read, room: RoomSid, viewer: UserSid) -> Result<Vec<UserSid>, Error> {
        let present = self.first_members(read, room, viewer, &[Membership::Join, Membership::Invite])?;
        if !present.is_empty() {
            return Ok(present);
        }
        self.first_members(read, room, viewer, &[Membership::Leave, Membership::Ban])
    }

    fn first_members(
        &self,
        read: &dyn Read,
        room: RoomSid,
        viewer: UserSid,
        memberships: &[Membership],
    ) -> Result<Vec<UserSid>, Error> {
        let mut keys = Vec::new();
        for membership in memberships {
            let rows = ROOM_MEMBERS.scan(read, &(room, *membership as u8), Direction::Forward);
            for row in rows.take(MEMBERS_CONSIDERED_MAX) {
                let ((_, _, user), ()) = row?;
                if user != viewer {
                    keys.push((user, room));
                }
            }
        }
        let records = MEMBERSHIPS.get_many(read, &keys)?;
        let mut members: Vec<(Position, UserSid)> = keys
            .into_iter()
            .zip(records)
            .filter_map(|((user, _), record)| Some((record?.position, user)))
            .collect();
        members.sort_unstable();
        Ok(members.into_iter().take(HEROES).map(|(_, user)| user).collect())
    }
}
