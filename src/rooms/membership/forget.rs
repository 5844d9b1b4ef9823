//! Forgetting a room that one has left: it shows nowhere any more.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidforget>

use kith_accounts::Requester;
use kith_store::{
    ChangeKind,
    tables::members::{MEMBERSHIPS, Membership},
};
use ruma::RoomId;

use super::MembershipError;
use crate::{Rooms, WriteError};

impl Rooms {
    /// Forgets a room. A room that one never had to do with is forgotten already.
    pub fn forget(&self, requester: &Requester, room_id: &RoomId) -> Result<(), MembershipError> {
        let Some(room) = self.store.ids().find_room(room_id)? else { return Ok(()) };
        let lane = self.lanes.enter(room).map_err(WriteError::from)?;
        let Some(mut record) = self.membership_record(requester.user, room)? else { return Ok(()) };
        match record.membership {
            Membership::Leave | Membership::Ban => {}
            Membership::Join | Membership::Invite | Membership::Knock => {
                return Err(MembershipError::StillThere);
            }
        }
        record.forgotten = true;
        let mut txn = self.store.begin();
        MEMBERSHIPS.put(&mut txn.batch, &(requester.user, room), &record);
        let position = txn.position()?;
        txn.change(position, ChangeKind::Membership { room, user: requester.user });
        let committed = self.store.commit(txn)?;
        drop(lane);
        Ok(committed.wait_durable()?)
    }
}
