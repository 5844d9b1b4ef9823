//! What the member event of a user of another server would build on, as a template for that server to sign.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1make_joinroomiduserid>

use kith_event::template;
use kith_store::tables::members::Membership;
use ruma::{RoomId, RoomVersionId, ServerName, UserId};
use serde_json::value::RawValue;

use super::{ResidentError, check_speaks_for};
use crate::{
    Rooms, WriteError,
    acting::Acting,
    ingest,
    membership::{
        MemberContent, join, knock,
        restricted::{self, Vouching},
    },
};

/// An event for another server to complete and sign.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The version of the room.
    pub room_version: RoomVersionId,
    /// The template.
    pub event: Box<RawValue>,
}

impl Rooms {
    /// `make_join`: how a user of another server would join.
    pub fn make_join(
        &self,
        server: &ServerName,
        room_id: &RoomId,
        user: &UserId,
        versions: &[RoomVersionId],
    ) -> Result<Offer, ResidentError> {
        let mut acting = self.act_for(server, room_id, user)?;
        check_version(&acting, versions)?;
        join::admit(&acting.write, user)?;
        let content = MemberContent::new(Membership::Join, None);
        let content = match restricted::vouching(&acting.write, user)? {
            Vouching::NotNeeded => content,
            Vouching::By(authoriser) => content.with(restricted::AUTHORISER, authoriser.as_str()),
            Vouching::NoVoucher => return Err(ResidentError::UnableToGrant),
            Vouching::Unknown => return Err(ResidentError::UnableToAuthorise),
            Vouching::Refused => {
                let reason = "the user is in none of the rooms whose members may join";
                return Err(WriteError::refused(reason).into());
            }
        };
        self.offer(&mut acting, user, &content)
    }

    /// `make_leave`: how a user of another server would leave, decline an invite or take a knock back.
    pub fn make_leave(
        &self,
        server: &ServerName,
        room_id: &RoomId,
        user: &UserId,
    ) -> Result<Offer, ResidentError> {
        let mut acting = self.act_for(server, room_id, user)?;
        match acting.write.membership(user)? {
            Some(Membership::Join | Membership::Invite | Membership::Knock) => {}
            _ => return Err(WriteError::refused("the user is not in this room").into()),
        }
        self.offer(&mut acting, user, &MemberContent::new(Membership::Leave, None))
    }

    /// `make_knock`: how a user of another server would knock.
    pub fn make_knock(
        &self,
        server: &ServerName,
        room_id: &RoomId,
        user: &UserId,
        versions: &[RoomVersionId],
    ) -> Result<Offer, ResidentError> {
        let mut acting = self.act_for(server, room_id, user)?;
        check_version(&acting, versions)?;
        knock::admit(&acting.write, user)?;
        self.offer(&mut acting, user, &MemberContent::new(Membership::Knock, None))
    }

    fn act_for(
        &self,
        server: &ServerName,
        room_id: &RoomId,
        user: &UserId,
    ) -> Result<Acting<'_>, ResidentError> {
        check_speaks_for(server, user)?;
        Ok(self.act(self.room_for(server, room_id)?)?)
    }

    fn offer(
        &self,
        acting: &mut Acting<'_>,
        user: &UserId,
        content: &MemberContent,
    ) -> Result<Offer, ResidentError> {
        // The event that is built here carries this server's signature; it goes no further than the check.
        let pdu = acting.write.build(content.draft(user)?, user, self.clock.now_ms())?;
        ingest::check_now(&acting.write, &pdu)?;
        Ok(Offer {
            room_version: acting.write.room.version.id().clone(),
            event: template::offer(&pdu, &self.server_name),
        })
    }
}

fn check_version(acting: &Acting<'_>, versions: &[RoomVersionId]) -> Result<(), ResidentError> {
    let version = acting.write.room.version.id();
    if versions.contains(version) {
        Ok(())
    } else {
        Err(ResidentError::IncompatibleVersion(version.to_string()))
    }
}
