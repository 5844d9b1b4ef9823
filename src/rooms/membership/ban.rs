//! Banning somebody.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidban>

use kith_accounts::Requester;
use kith_event::power::Powers;
use kith_store::tables::members::Membership;
use ruma::{RoomId, UserId};

use super::{MemberContent, MembershipError};
use crate::{Rooms, acting::check_not_suspended};

impl Rooms {
    /// Keeps a user out of a room, whether they are in it or not.
    pub fn ban(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        target: &UserId,
        reason: Option<String>,
    ) -> Result<(), MembershipError> {
        check_not_suspended(requester)?;
        let mut acting = self.act_in(room_id)?.with_signatures();
        let sender = &requester.user_id;
        acting.write.check_power_over(sender, target, "ban", Powers::ban_level)?;
        let content = MemberContent::new(Membership::Ban, reason);
        acting.write.send_member(sender, target, &content, self.clock.now_ms())?;
        Ok(acting.done()?)
    }
}
