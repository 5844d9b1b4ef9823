//! The rows about members say what the current state says.

use std::collections::{BTreeMap, BTreeSet};

use kith_store::{
    Direction, Error, ServerSid, UserSid,
    tables::{
        members::{LOCAL_JOINED, MEMBERSHIPS, Membership, ROOM_MEMBERS, ROOM_SERVERS, SERVER_ROOMS},
        partial::find_partial,
    },
};

use super::RoomCheck;
use crate::room_state::membership_of;

impl RoomCheck<'_> {
    pub(super) fn members(&mut self) -> Result<(), Error> {
        let ids = self.rooms.store.ids();
        let mut expected: BTreeMap<UserSid, Membership> = BTreeMap::new();
        let mut servers: BTreeMap<ServerSid, u64> = BTreeMap::new();
        let mut local: BTreeSet<UserSid> = BTreeSet::new();
        for (user_id, event) in self.rooms.state_at(self.room.sid, self.heads.state).members()? {
            let user = ids.user(&user_id)?;
            let membership = membership_of(&self.rooms.pdu(event)?).unwrap_or(Membership::Leave);
            let row = MEMBERSHIPS.get(self.read, &(user, self.room.sid))?;
            self.expect(
                row.as_ref().is_some_and(|row| row.event == event && row.membership == membership),
                || format!("the row of member {user_id} does not say what the state says"),
            );
            expected.insert(user, membership);
            if membership == Membership::Join {
                *servers.entry(ids.server(user_id.server_name())?).or_insert(0) += 1;
                if self.rooms.is_local(&user_id) {
                    local.insert(user);
                }
            }
        }
        self.lists(&expected)?;
        self.joined(&expected, &servers, &local)
    }

    /// `room_members` has one row for each member, and none for anybody else, apart from those whom a resolution
    /// forgot.
    fn lists(&mut self, expected: &BTreeMap<UserSid, Membership>) -> Result<(), Error> {
        let is_partial = find_partial(self.read, self.room.sid)?.is_some();
        let mut listed: BTreeMap<UserSid, Membership> = BTreeMap::new();
        for membership in
            [Membership::Join, Membership::Invite, Membership::Knock, Membership::Leave, Membership::Ban]
        {
            let prefix = (self.room.sid, membership as u8);
            for row in ROOM_MEMBERS.scan(self.read, &prefix, Direction::Forward) {
                let ((_, _, user), ()) = row?;
                let twice = listed.insert(user, membership).is_some();
                self.expect(!twice, || format!("member {} is listed twice", user.0));
            }
        }
        for (user, membership) in expected {
            self.expect(listed.get(user) == Some(membership), || {
                format!("member {} is listed wrongly", user.0)
            });
        }
        for (user, membership) in listed {
            let untold = matches!(membership, Membership::Invite | Membership::Knock) && is_partial;
            let forgotten = membership == Membership::Leave || untold;
            self.expect(expected.contains_key(&user) || forgotten, || {
                format!("member {} is listed and not in the state", user.0)
            });
        }
        Ok(())
    }

    fn joined(
        &mut self,
        expected: &BTreeMap<UserSid, Membership>,
        servers: &BTreeMap<ServerSid, u64>,
        local: &BTreeSet<UserSid>,
    ) -> Result<(), Error> {
        let (read, room) = (self.read, self.room.sid);
        let count = |of: Membership| expected.values().filter(|membership| **membership == of).count() as u64;
        let is_partial = find_partial(read, room)?.is_some();
        // Of invites that were told before this server came, the state may not know yet.
        let invited = if is_partial { self.heads.invited } else { count(Membership::Invite) };
        let heads = (self.heads.joined, self.heads.invited);
        self.expect(heads == (count(Membership::Join), invited), || {
            "the counts of joined and invited members are wrong".to_owned()
        });
        let mut rows = BTreeSet::new();
        for row in LOCAL_JOINED.scan(read, &room, Direction::Forward) {
            rows.insert(row?.0.1);
        }
        self.expect(rows == *local, || "the list of this server's members is wrong".to_owned());
        let mut counts = BTreeMap::new();
        for row in ROOM_SERVERS.scan(read, &room, Direction::Forward) {
            let ((_, server), joined) = row?;
            counts.insert(server, joined);
            let other_side = SERVER_ROOMS.contains(read, &(server, room))?;
            self.expect(other_side, || format!("server {} does not list the room", server.0));
        }
        if is_partial {
            // Others are said to be there, of whose users nothing is known.
            counts.retain(|_, joined| *joined > 0);
        }
        self.expect(counts == *servers, || "the members by server are counted wrongly".to_owned());
        Ok(())
    }
}
