//! When this server comes into a room, what was told from outside gives way to what the room's state says.

use kith_store::{
    Direction, Error, RoomSid, Txn, UserSid,
    state::StateRoot,
    tables::{
        members::{Membership, MembershipRecord, ROOM_MEMBERS},
        outside::OUTSIDE,
    },
};
use ruma::{UserId, events::StateEventType};

use super::{put_membership, recount};
use crate::{Rooms, commit::RoomWrite, room_state::membership_of};

impl Rooms {
    /// How many users of this server are invited to a room that has no record yet.
    pub(crate) fn invited_from_outside(&self, room: RoomSid) -> Result<u64, Error> {
        let prefix = (room, Membership::Invite as u8);
        let mut invited = 0;
        for row in ROOM_MEMBERS.scan(self.store.engine(), &prefix, Direction::Forward) {
            row?;
            invited += 1;
        }
        Ok(invited)
    }
}

impl RoomWrite<'_> {
    /// Ends what was told from outside. Those whose entry differs between the state that was known before and the
    /// room's state now get their rows with that change; the others get them here.
    pub(crate) fn come_in(&mut self, txn: &mut Txn, before: StateRoot) -> Result<(), Error> {
        let room = self.room.sid;
        let mut told: Vec<UserSid> = Vec::new();
        for row in OUTSIDE.scan(self.rooms.store.engine(), &room, Direction::Forward) {
            told.push(row?.0.1);
        }
        for user in told {
            let user_id = self.rooms.store.ids().user_id(user)?;
            // Members whose entries have not come yet are what they were told to be.
            if self.partial.is_some()
                && self.event_of(self.heads.state, &StateEventType::RoomMember, user_id.as_str())?.is_none()
            {
                continue;
            }
            OUTSIDE.delete(&mut txn.batch, &(room, user));
            self.settle_told(txn, before, user, &user_id)?;
        }
        Ok(())
    }

    fn settle_told(
        &mut self,
        txn: &mut Txn,
        before: StateRoot,
        user: UserSid,
        user_id: &UserId,
    ) -> Result<(), Error> {
        let room = self.room.sid;
        let kind = StateEventType::RoomMember;
        let was = self.event_of(before, &kind, user_id.as_str())?;
        let now = self.event_of(self.heads.state, &kind, user_id.as_str())?;
        let Some(old) = self.rooms.membership_record(user, room)? else { return Ok(()) };
        if was != now || now == Some(old.event) {
            return Ok(());
        }
        let mut record = match now {
            Some(event) => {
                let pdu = self.pdu(event)?;
                MembershipRecord {
                    membership: membership_of(&pdu).unwrap_or(Membership::Leave),
                    event,
                    sender: self.rooms.store.ids().user(pdu.sender())?,
                    ..old.clone()
                }
            }
            None => MembershipRecord { membership: Membership::Leave, ..old.clone() },
        };
        record.stripped_state = None;
        record.is_direct = false;
        put_membership(txn, room, user, Some(old.membership), &mut record)?;
        self.heads.invited = recount(self.heads.invited, Some(old.membership), record.membership);
        Ok(())
    }
}
