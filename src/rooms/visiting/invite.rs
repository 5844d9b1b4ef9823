//! Inviting: users of this server at home, users of others by their own server, which signs the invite as well.
//! <https://spec.matrix.org/v1.19/server-server-api/#inviting-to-a-room>

use std::sync::Arc;

use http::Method;
use kith_accounts::Requester;
use kith_event::{
    Pdu, VerifiedPdu,
    build::{self, Draft},
};
use kith_peers::{Patience, PeerError};
use kith_store::tables::members::Membership;
use ruma::{
    OwnedEventId, OwnedRoomId, OwnedUserId, ServerName, UserId,
    api::federation::membership::{RawStrippedState, create_invite},
    events::StateEventType,
};
use serde_json::{json, value::RawValue};

use super::handshake::raw;
use crate::{
    Rooms, WriteError,
    acting::check_not_suspended,
    create::{CreateError, NewRoom},
    ingest,
    membership::{MemberContent, MembershipError, invite::check_may_invite},
    resident::ResidentError,
    room::Room,
    send::{NewState, SendError},
};

/// An invite that somebody here wants to send.
struct OwnInvite {
    room_id: OwnedRoomId,
    sender: OwnedUserId,
    target: OwnedUserId,
    draft: Draft,
    timestamp_ms: u64,
}

/// An invite that is made and not yet in the room.
struct Issued {
    room: Room,
    pdu: Pdu,
    /// What the room shows of itself.
    face: Vec<Pdu>,
}

impl Rooms {
    /// Invites a user of any server.
    pub async fn invite_across(
        self: &Arc<Self>,
        requester: Requester,
        room_id: OwnedRoomId,
        target: OwnedUserId,
        reason: Option<String>,
    ) -> Result<(), MembershipError> {
        if self.is_local(&target) {
            let rooms = Arc::clone(self);
            let work = move || rooms.invite(&requester, &room_id, &target, reason);
            return self.tasks.blocking(work).await;
        }
        check_not_suspended(&requester)?;
        self.await_member(&room_id, &target).await?;
        let content = MemberContent::new(Membership::Invite, reason);
        self.issue_invite(room_id, requester.user_id, target, content).await
    }

    /// Creates a room. Users of other servers are invited once it exists; those who cannot be are left out.
    pub async fn create_room_across(
        self: &Arc<Self>,
        requester: Requester,
        new: NewRoom,
    ) -> Result<OwnedRoomId, CreateError> {
        let mut remote: Vec<OwnedUserId> = Vec::new();
        for user in new.invite.iter().filter(|user| !self.is_local(user)) {
            if !remote.contains(user) {
                remote.push(user.clone());
            }
        }
        let (is_direct, user) = (new.is_direct, requester.user_id.clone());
        let rooms = Arc::clone(self);
        let room_id = self.tasks.blocking(move || rooms.create_room(&requester, new)).await?;
        for target in remote {
            let mut content = MemberContent::new(Membership::Invite, None);
            if is_direct {
                content = content.with("is_direct", true);
            }
            let issued = self.issue_invite(room_id.clone(), user.clone(), target.clone(), content).await;
            if let Err(error) = issued {
                tracing::warn!(%error, %room_id, %target, "somebody could not be invited to a new room");
            }
        }
        Ok(room_id)
    }

    /// [`Rooms::send_state`], where an invite of a user of another server goes the way of invites.
    pub async fn send_state_across(
        self: &Arc<Self>,
        requester: Requester,
        room_id: OwnedRoomId,
        state: NewState,
    ) -> Result<OwnedEventId, SendError> {
        if state.kind == StateEventType::RoomMember
            && let Ok(target) = UserId::parse(state.state_key.as_str())
        {
            self.await_member(&room_id, &target).await.map_err(WriteError::from)?;
        }
        let Some(target) = self.invited_elsewhere(&state) else {
            let rooms = Arc::clone(self);
            let work = move || rooms.send_state(&requester, &room_id, state);
            return self.tasks.blocking(work).await;
        };
        check_not_suspended(&requester)?;
        let timestamp_ms = self.timestamp_ms(&requester, state.timestamp_ms);
        let draft = Draft::state(state.kind, state.state_key, state.content);
        let invite = OwnInvite { room_id, sender: requester.user_id, target, draft, timestamp_ms };
        Ok(self.issue(invite).await?)
    }

    /// The user of another server whom a state event invites.
    fn invited_elsewhere(&self, state: &NewState) -> Option<OwnedUserId> {
        #[derive(serde::Deserialize)]
        struct Content {
            membership: String,
        }
        if state.kind != StateEventType::RoomMember {
            return None;
        }
        let content: Content = serde_json::from_str(state.content.get()).ok()?;
        let target = UserId::parse(state.state_key.as_str()).ok()?;
        let invites = Membership::parse(&content.membership) == Some(Membership::Invite);
        (invites && !self.is_local(&target)).then_some(target)
    }

    /// Makes an invite for a user of another server, has that server sign it, and takes it into the room.
    pub(crate) async fn issue_invite(
        self: &Arc<Self>,
        room_id: OwnedRoomId,
        sender: OwnedUserId,
        target: OwnedUserId,
        content: MemberContent,
    ) -> Result<(), MembershipError> {
        let (draft, timestamp_ms) = (content.draft(&target)?, self.clock.now_ms());
        self.issue(OwnInvite { room_id, sender, target, draft, timestamp_ms }).await.map(|_| ())
    }

    async fn issue(self: &Arc<Self>, invite: OwnInvite) -> Result<OwnedEventId, MembershipError> {
        let rooms = Arc::clone(self);
        let server = invite.target.server_name().to_owned();
        let mut issued = self.tasks.blocking(move || rooms.make_invite(invite)).await?;
        let event_id = issued.pdu.event_id().clone();
        issued.pdu = self.with_needed_signature(&issued.room, issued.pdu).await?;
        let signed = self.hand_over_invite(&server, &issued).await?;
        let rooms = Arc::clone(self);
        let work = move || rooms.take_in(&issued.room, VerifiedPdu::of_own(signed));
        match self.tasks.blocking(work).await {
            Ok(_) => Ok(event_id),
            Err(ResidentError::Write(error)) => Err(error.into()),
            Err(error) => Err(MembershipError::NoHelp(error.to_string())),
        }
    }

    fn make_invite(&self, invite: OwnInvite) -> Result<Issued, MembershipError> {
        let OwnInvite { room_id, sender, target, draft, timestamp_ms } = invite;
        let mut acting = self.act_in(&room_id)?;
        check_may_invite(&acting.write, &sender, &target)?;
        let pdu = acting.write.build(draft, &sender, timestamp_ms)?;
        ingest::check_now(&acting.write, &pdu)?;
        let room = acting.write.room.clone();
        let face = self.face(&room, acting.write.heads.state, Some(&sender))?;
        Ok(Issued { room, pdu, face })
    }

    async fn hand_over_invite(&self, server: &ServerName, issued: &Issued) -> Result<Pdu, MembershipError> {
        let request = create_invite::v2::Request {
            room_id: issued.room.id.clone(),
            event_id: issued.pdu.event_id().clone(),
            room_version: issued.room.version.id().clone(),
            event: raw(&issued.pdu),
            invite_room_state: issued.face.iter().map(|pdu| RawStrippedState::Pdu(raw(pdu))).collect(),
        };
        let answered = match self.peers.ask_with(server, request, Patience::INTERACTIVE).await {
            Ok(answer) => answer.event,
            Err(PeerError::Answer { status: 400 | 404 | 405, errcode, .. })
                if issued.room.version.event_id_in_event()
                    && errcode.as_deref().is_none_or(|errcode| errcode == "M_UNRECOGNIZED") =>
            {
                self.hand_over_invite_v1(server, issued).await?
            }
            Err(PeerError::Answer { errcode: Some(errcode), error, .. }) if errcode == "M_MISSING_PARAM" => {
                // Nothing that the client could do better.
                return Err(MembershipError::NoHelp(error.unwrap_or(errcode)));
            }
            Err(error) => return Err(error.into()),
        };
        build::co_signed(&issued.pdu, answered.get(), server)
            .map_err(|error| MembershipError::NoHelp(error.to_string()))
    }

    /// As servers did before room versions were told along.
    async fn hand_over_invite_v1(
        &self,
        server: &ServerName,
        issued: &Issued,
    ) -> Result<Box<RawValue>, MembershipError> {
        let no_help = |error: &dyn std::fmt::Display| MembershipError::NoHelp(format!("{server}: {error}"));
        let mut event: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(issued.pdu.json()).map_err(|error| no_help(&error))?;
        let face: Vec<Box<RawValue>> = issued.face.iter().map(raw).collect();
        event.insert("unsigned".to_owned(), json!({ "invite_room_state": face }));
        let body = serde_json::to_vec(&event).map_err(|error| no_help(&error))?;
        let path = format!(
            "/_matrix/federation/v1/invite/{}/{}",
            path_segment(issued.room.id.as_str()),
            path_segment(issued.pdu.event_id().as_str())
        );
        let answer = self.peers.exchange(server, Method::PUT, &path, Some(body)).await?;
        let answered: (u16, InviteAnswer) =
            serde_json::from_slice(&answer.body).map_err(|error| no_help(&error))?;
        Ok(answered.1.event)
    }
}

#[derive(serde::Deserialize)]
struct InviteAnswer {
    event: Box<RawValue>,
}

/// A part of a path: what is no letter, digit, or one of a few harmless characters is escaped.
fn path_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                segment.push(char::from(byte))
            }
            _ => segment.push_str(&format!("%{byte:02X}")),
        }
    }
    segment
}
