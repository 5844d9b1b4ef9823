//! Member events that other servers have signed and hand in: checked against what they have to be, verified, judged,
//! and written only if the room accepts them.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid>

use std::sync::Arc;

use kith_event::{Pdu, VerifiedPdu, build, parse_pdu};
use kith_store::{
    EventSid,
    tables::{destinations::RELAYS, events::Verdict, members::Membership},
};
use ruma::{
    EventId, OwnedEventId, OwnedRoomId, OwnedServerName, OwnedUserId, RoomId, events::TimelineEventType,
};
use serde_json::value::RawValue;

use super::{JoinAnswer, ResidentError, check_speaks_for};
use crate::{
    Rooms, WriteError,
    commit::RoomWrite,
    ingest::{self, Against, IngestError},
    membership::restricted,
    room::Room,
    room_state::membership_of,
};

/// An event as it arrived, and what the request says of it.
#[derive(Clone, Debug)]
pub struct HandedIn {
    /// The server that sent the request.
    pub server: OwnedServerName,
    /// The room in the path.
    pub room_id: OwnedRoomId,
    /// The event id in the path.
    pub event_id: OwnedEventId,
    /// The event.
    pub event: Box<RawValue>,
}

impl Rooms {
    /// `send_join`: takes in the join of a user of another server, and says what that server has to know of the room.
    pub async fn send_join(
        self: &Arc<Self>,
        handed_in: HandedIn,
        omit_members: bool,
    ) -> Result<JoinAnswer, ResidentError> {
        let verified = self.verify_handed_in(handed_in, Membership::Join).await?;
        let rooms = Arc::clone(self);
        let work = move || {
            let room = rooms.room_for(verified.pdu().sender().server_name(), verified.pdu().room_id())?;
            let servers = rooms.joined_servers(room.sid)?;
            let event = rooms.take_in(&room, verified)?;
            rooms.join_answer(&room, event, omit_members, &servers)
        };
        self.tasks.blocking(work).await
    }

    /// `send_leave`: takes in that a user of another server leaves.
    pub async fn send_leave(self: &Arc<Self>, handed_in: HandedIn) -> Result<(), ResidentError> {
        let verified = self.verify_handed_in(handed_in, Membership::Leave).await?;
        let rooms = Arc::clone(self);
        let work = move || {
            let room = rooms.room_for(verified.pdu().sender().server_name(), verified.pdu().room_id())?;
            rooms.take_in(&room, verified).map(|_| ())
        };
        self.tasks.blocking(work).await
    }

    /// `send_knock`: takes in the knock of a user of another server; the answer is the face of the room.
    pub async fn send_knock(self: &Arc<Self>, handed_in: HandedIn) -> Result<Vec<Pdu>, ResidentError> {
        let verified = self.verify_handed_in(handed_in, Membership::Knock).await?;
        let rooms = Arc::clone(self);
        let work = move || {
            let room = rooms.room_for(verified.pdu().sender().server_name(), verified.pdu().room_id())?;
            rooms.take_in(&room, verified)?;
            Ok(rooms.face(&room, rooms.heads(room.sid)?.state, None)?)
        };
        self.tasks.blocking(work).await
    }

    async fn verify_handed_in(
        self: &Arc<Self>,
        handed_in: HandedIn,
        membership: Membership,
    ) -> Result<VerifiedPdu, ResidentError> {
        let rooms = Arc::clone(self);
        let pdu = self.tasks.blocking(move || rooms.read_handed_in(&handed_in, membership)).await?;
        let verified = self.verify_whole(pdu).await?;
        Ok(self.with_signature_for(verified).await?)
    }

    /// Verifies an event whose content must be what was hashed: in a handshake, half an event is of no use.
    pub(crate) async fn verify_whole(&self, pdu: Pdu) -> Result<VerifiedPdu, ResidentError> {
        let verified = self.peers.verify_pdus(vec![pdu]).await.pop();
        let verified = verified.ok_or_else(|| ResidentError::Unverified("not verified".to_owned()))?;
        let verified = verified.map_err(|error| ResidentError::Unverified(error.to_string()))?;
        if !verified.hash_matched() {
            return Err(ResidentError::Unverified(
                "the content of the event does not fit its hash".to_owned(),
            ));
        }
        Ok(verified)
    }

    fn read_handed_in(&self, handed_in: &HandedIn, membership: Membership) -> Result<Pdu, ResidentError> {
        let room = self.room_for(&handed_in.server, &handed_in.room_id)?;
        let pdu = parse_pdu(room.version, handed_in.event.get())?;
        check_member_event(&pdu, &handed_in.room_id, &handed_in.event_id, membership)?;
        if pdu.state_key() != Some(pdu.sender().as_str()) {
            return Err(invalid("the event is about another user than its sender"));
        }
        check_speaks_for(&handed_in.server, pdu.sender())?;
        match pdu.content_field::<OwnedUserId>(restricted::AUTHORISER) {
            Some(authoriser) if membership == Membership::Join && self.is_local(&authoriser) => {
                self.vouch(room, &pdu, &authoriser)
            }
            _ => Ok(pdu),
        }
    }

    /// Signs a restricted join, if it is one that this server itself would have authorised just so.
    fn vouch(&self, room: Room, pdu: &Pdu, authoriser: &OwnedUserId) -> Result<Pdu, ResidentError> {
        let acting = self.act(room)?;
        if !restricted::may_vouch(&acting.write, authoriser, pdu.sender())? {
            return Err(WriteError::Refused(format!("{authoriser} does not vouch for the user")).into());
        }
        build::sign(pdu, &self.server_name, &self.signing_key)
            .map_err(|error| ResidentError::Invalid(error.to_string()))
    }

    /// Takes an event in if the room accepts it now; one that it does not accept leaves no trace.
    pub(crate) fn take_in(&self, room: &Room, event: VerifiedPdu) -> Result<EventSid, ResidentError> {
        let lane = self.lanes.enter(room.sid).map_err(WriteError::from)?;
        let mut write = RoomWrite::open(self, room.clone())?;
        if let Some(known) = ingest::known(self, event.pdu().event_id())? {
            return match known.verdict {
                Verdict::Accepted => Ok(known.event),
                Verdict::SoftFailed | Verdict::Rejected => {
                    Err(WriteError::Refused(known.reason.unwrap_or_default()).into())
                }
            };
        }
        let judged =
            ingest::judge(&mut write, event, Against::CurrentState).map_err(|error| match error {
                IngestError::Write(error) => ResidentError::Write(error),
                IngestError::UnknownRoom => ResidentError::UnknownRoom(room.id.clone()),
                IngestError::Unsigned(_) | IngestError::Missing(_) => {
                    invalid("the event builds on events that are not here")
                }
            })?;
        if judged.verdict != Verdict::Accepted {
            return Err(WriteError::Refused(judged.reason.unwrap_or_default()).into());
        }
        let event = write.append(judged, None)?;
        // Whoever hands an event in leaves it to this server to tell the others.
        let mut txn = self.store.begin();
        RELAYS.put(&mut txn.batch, &event, &());
        let committed = self.commit([write], txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(event)
    }
}

/// An event must be the one that the request is about.
pub(crate) fn check_member_event(
    pdu: &Pdu,
    room_id: &RoomId,
    event_id: &EventId,
    membership: Membership,
) -> Result<(), ResidentError> {
    if pdu.room_id() != room_id {
        return Err(invalid("the event belongs to another room"));
    }
    if pdu.event_id() != event_id {
        return Err(invalid("the event has another id"));
    }
    if *pdu.kind() != TimelineEventType::RoomMember || membership_of(pdu) != Some(membership) {
        let word = membership.as_str();
        return Err(ResidentError::Invalid(format!("the event is not an m.room.member with {word}")));
    }
    Ok(())
}

fn invalid(reason: &str) -> ResidentError {
    ResidentError::Invalid(reason.to_owned())
}
