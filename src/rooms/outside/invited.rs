//! Invites that other servers send to users of this one.
//! <https://spec.matrix.org/v1.19/server-server-api/#inviting-to-a-room>

use std::sync::Arc;

use kith_event::{Pdu, RoomVersion, VerifiedPdu, build, parse_pdu, verify::VerifyError};
use kith_store::{UserSid, tables::members::Membership};
use ruma::{OwnedEventId, OwnedRoomId, OwnedServerName, OwnedUserId, RoomVersionId, UserId};
use serde_json::value::RawValue;

use super::{Face, Told, face::FaceError};
use crate::{
    Rooms, ingest,
    invite_rules::check_invitee,
    resident::{ResidentError, check_member_event, check_speaks_for},
};

/// An invite as it arrived.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The server that sent the request.
    pub server: OwnedServerName,
    /// The room in the path.
    pub room_id: OwnedRoomId,
    /// The event id in the path.
    pub event_id: OwnedEventId,
    /// The version of the room.
    pub room_version: RoomVersionId,
    /// The event.
    pub event: Box<RawValue>,
    /// What the room shows of itself.
    pub face: Vec<Box<RawValue>>,
}

/// An invite that says what an invite has to say.
struct Read {
    pdu: Pdu,
    face: Face,
    invited: OwnedUserId,
    user: UserSid,
}

impl Rooms {
    /// `invite`: takes an invite for a user of this server; the answer is the event with this server's signature.
    ///
    /// Where this server is in the room itself, the invite comes again as an event of the room; elsewhere it is kept
    /// and shown from here.
    pub async fn receive_invite(self: &Arc<Self>, invite: Invite) -> Result<Pdu, ResidentError> {
        let server = invite.server.clone();
        let rooms = Arc::clone(self);
        let read = self.tasks.blocking(move || rooms.read_invite(&invite)).await?;
        let verified = self.verify_invite(&read).await?;
        let rooms = Arc::clone(self);
        self.tasks.blocking(move || rooms.accept_invite(server, &read, &verified)).await
    }

    fn read_invite(&self, invite: &Invite) -> Result<Read, ResidentError> {
        let version = invite.room_version.as_str();
        let room_version = RoomVersion::find(version)
            .ok_or_else(|| ResidentError::IncompatibleVersion(version.to_owned()))?;
        let pdu = parse_pdu(room_version, invite.event.get())?;
        check_member_event(&pdu, &invite.room_id, &invite.event_id, Membership::Invite)?;
        check_speaks_for(&invite.server, pdu.sender())?;
        let invited = pdu.state_key().and_then(|state_key| UserId::parse(state_key).ok());
        let invited = invited.filter(|invited| self.is_local(invited)).ok_or_else(|| {
            ResidentError::Invalid("the invite is not for a user of this server".to_owned())
        })?;
        let user = self.invitable(pdu.sender(), &invited)?;
        let face = Face::read(room_version, &invite.room_id, &invited, &invite.face)?;
        Ok(Read { pdu, face, invited, user })
    }

    /// A user of this server who may be invited from outside: they have an account that is not closed, or an
    /// application service makes one for them when needed.
    fn invitable(&self, sender: &UserId, invited: &UserId) -> Result<UserSid, ResidentError> {
        let unknown = || ResidentError::UnknownUser(invited.to_owned());
        match self.accounts.find_account(invited)? {
            Some(account) if account.deactivated => return Err(unknown()),
            Some(_) => {}
            None if self.accounts.appservices().iter().any(|service| service.owns_user(invited)) => {}
            None => return Err(unknown()),
        }
        check_invitee(self, sender, invited).map_err(ResidentError::Invite)?;
        Ok(self.store.ids().user(invited)?)
    }

    /// The invite, and the create event where it came whole. A server that founded a room long ago may be gone; where
    /// its hash is the room's name, the event needs no other proof.
    async fn verify_invite(&self, read: &Read) -> Result<VerifiedPdu, ResidentError> {
        let mut pdus = vec![read.pdu.clone()];
        pdus.extend(read.face.create.clone());
        let mut verified = self.peers.verify_pdus(pdus).await.into_iter();
        let invite = verified.next().ok_or_else(|| ResidentError::Unverified("not verified".to_owned()))?;
        let invite = invite.map_err(|error| ResidentError::Unverified(error.to_string()))?;
        if !invite.hash_matched() {
            return Err(ResidentError::Unverified(
                "the content of the event does not fit its hash".to_owned(),
            ));
        }
        if let Some(Err(error @ (VerifyError::WrongSignature(..) | VerifyError::MissingSignature(_)))) =
            verified.next()
        {
            return Err(ResidentError::MissingState(error.to_string()));
        }
        Ok(invite)
    }

    fn accept_invite(
        &self,
        server: OwnedServerName,
        read: &Read,
        verified: &VerifiedPdu,
    ) -> Result<Pdu, ResidentError> {
        let pdu = verified.pdu();
        let room = self.store.ids().room(pdu.room_id())?;
        if self.is_blocked(room)? {
            return Err(ResidentError::RoomClosed);
        }
        let signed = build::sign(pdu, &self.server_name, &self.signing_key)
            .map_err(|error| ResidentError::Invalid(error.to_string()))?;
        if self.is_resident(room)? {
            let acting = self.act(self.room_of(room)?)?;
            ingest::check_now(&acting.write, pdu)?;
            return Ok(signed);
        }
        let told = Told {
            room,
            user: read.user,
            membership: Membership::Invite,
            event: &signed,
            face: &read.face,
            via: vec![server],
        };
        self.note_outside(&told)?;
        self.leave_if_closed(read.user)?;
        tracing::debug!(room_id = %signed.room_id(), user_id = %read.invited, "an invite came from another server");
        Ok(signed)
    }
}

impl From<FaceError> for ResidentError {
    fn from(error: FaceError) -> Self {
        match error {
            FaceError::TooLarge => Self::TooLarge(error.to_string()),
            FaceError::Malformed(_) => Self::Invalid(error.to_string()),
            FaceError::NoCreate => Self::MissingState(error.to_string()),
        }
    }
}
