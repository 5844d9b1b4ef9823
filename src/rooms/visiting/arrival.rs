//! Handing a join in, and what comes back: the room as the server in it tells it. Nothing of that is believed but what
//! the servers of its senders have signed.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid>

use std::{collections::HashSet, sync::Arc};

use kith_event::{Pdu, RoomVersion, VerifiedPdu, build, parse_pdu};
use kith_peers::Patience;
use ruma::{
    OwnedEventId, RoomId, ServerName, api::federation::membership::create_join_event::v2 as send_join,
    events::TimelineEventType,
};
use serde_json::value::RawValue;

use super::handshake::{Prepared, raw};
use crate::{Rooms, WriteError, membership::MembershipError};

/// What another server tells of a room, verified and not yet judged.
pub(super) struct Arrival {
    /// The join that opened the room.
    pub(super) join: VerifiedPdu,
    /// The create event.
    pub(super) create: OwnedEventId,
    /// The state before the join.
    pub(super) state: Vec<OwnedEventId>,
    /// The events of the state, and what they lean on.
    pub(super) events: Vec<VerifiedPdu>,
}

/// What an answer to a join says, read.
struct Told {
    pdus: Vec<Pdu>,
    state: Vec<OwnedEventId>,
}

impl Rooms {
    pub(super) async fn hand_in_join(
        &self,
        server: &ServerName,
        prepared: &Prepared,
    ) -> Result<send_join::RoomState, MembershipError> {
        let request = send_join::Request {
            room_id: prepared.pdu.room_id().clone(),
            event_id: prepared.pdu.event_id().clone(),
            pdu: raw(&prepared.pdu),
            omit_members: false,
        };
        Ok(self.peers.ask_with(server, request, Patience::long()).await?.room_state)
    }

    /// The join as it stands in the room: where somebody of another server vouches for it, with that server's
    /// signature.
    pub(super) async fn confirmed(
        &self,
        prepared: Prepared,
        answered: Option<&RawValue>,
    ) -> Result<VerifiedPdu, MembershipError> {
        let Some(authoriser) = prepared.authoriser else { return Ok(VerifiedPdu::of_own(prepared.pdu)) };
        let server = authoriser.server_name();
        let no_help = |error: &dyn std::fmt::Display| MembershipError::NoHelp(format!("{server}: {error}"));
        let answered = answered.ok_or_else(|| no_help(&"the join came back without a signature"))?;
        let pdu = build::co_signed(&prepared.pdu, answered.get(), server).map_err(|error| no_help(&error))?;
        self.verify_whole(pdu).await.map_err(|error| no_help(&error))
    }

    /// Reads and verifies what a server tells of a room. Events that are not signed as they have to be are left away.
    pub(super) async fn verify_arrival(
        self: &Arc<Self>,
        join: VerifiedPdu,
        state: Vec<Box<RawValue>>,
        auth_chain: Vec<Box<RawValue>>,
    ) -> Result<Arrival, MembershipError> {
        let (version, room_id) = (join.pdu().room_version(), join.pdu().room_id().clone());
        let told = self.tasks.blocking(move || read(version, &room_id, &state, &auth_chain)).await;
        let room_id = join.pdu().room_id();
        let (mut events, mut left_away) = (Vec::with_capacity(told.pdus.len()), 0_usize);
        for verified in self.peers.verify_pdus(told.pdus).await {
            match verified {
                Ok(event) => events.push(event),
                Err(error) => {
                    tracing::debug!(%room_id, %error, "an event of a room is left away");
                    left_away += 1;
                }
            }
        }
        if left_away > 0 {
            tracing::warn!(%room_id, left_away, "events of a room that is being joined are not signed rightly");
        }
        let create = create_of(&events, &told.state)
            .ok_or_else(|| MembershipError::NoHelp("the room came without its create event".to_owned()))?;
        Ok(Arrival { join, create, state: told.state, events })
    }

    /// Takes in one's own join of a room that is at home here, as if another server had sent it.
    pub(super) async fn receive_own_join(
        self: &Arc<Self>,
        server: &ServerName,
        join: &VerifiedPdu,
    ) -> Result<(), MembershipError> {
        let pdu = join.pdu();
        let received = self.receive(server, pdu.room_id(), raw(pdu)).await;
        let received = received.map_err(|error| MembershipError::NoHelp(error.to_string()))?;
        match received.verdict {
            kith_store::tables::events::Verdict::Accepted => Ok(()),
            _ => Err(WriteError::Refused(received.reason.unwrap_or_default()).into()),
        }
    }
}

/// Each event once, whether it came as state or as authority.
fn read(
    version: &'static RoomVersion,
    room_id: &RoomId,
    state: &[Box<RawValue>],
    auth_chain: &[Box<RawValue>],
) -> Told {
    let mut told = Told { pdus: Vec::with_capacity(state.len() + auth_chain.len()), state: Vec::new() };
    let mut known: HashSet<OwnedEventId> = HashSet::new();
    let parse = |text: &RawValue| match parse_pdu(version, text.get()) {
        Ok(pdu) if pdu.room_id() == room_id => Some(pdu),
        Ok(pdu) => {
            tracing::debug!(event_id = %pdu.event_id(), %room_id, "an event belongs to another room");
            None
        }
        Err(error) => {
            tracing::debug!(%room_id, %error, "an event of a room makes no sense");
            None
        }
    };
    for (index, text) in state.iter().chain(auth_chain).enumerate() {
        let Some(pdu) = parse(text) else { continue };
        if index < state.len() && pdu.is_state() {
            told.state.push(pdu.event_id().clone());
        }
        if known.insert(pdu.event_id().clone()) {
            told.pdus.push(pdu);
        }
    }
    told
}

/// The one create event of a state.
fn create_of(events: &[VerifiedPdu], state: &[OwnedEventId]) -> Option<OwnedEventId> {
    let is_create = |event: &&VerifiedPdu| event.pdu().is_state_of(&TimelineEventType::RoomCreate, "");
    let in_state: HashSet<&OwnedEventId> = state.iter().collect();
    let mut creates = events
        .iter()
        .filter(is_create)
        .map(|event| event.pdu().event_id())
        .filter(|event_id| in_state.contains(event_id));
    match (creates.next(), creates.next()) {
        (Some(create), None) => Some(create.clone()),
        _ => None,
    }
}
