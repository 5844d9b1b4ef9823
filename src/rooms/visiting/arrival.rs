//! Handing a join in, and what comes back: the room as the server in it tells it. Nothing of that is believed but what
//! the servers of its senders have signed.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid>

use std::{collections::HashSet, sync::Arc};

use kith_event::{Pdu, RoomVersion, VerifiedPdu, build, parse_pdu};
use kith_peers::Patience;
use kith_store::tables::events::Verdict;
use ruma::{
    OwnedEventId, RoomId, ServerName, api::federation::membership::create_join_event::v2 as send_join,
};
use serde_json::value::RawValue;

use super::handshake::{Prepared, raw};
use crate::{Rooms, WriteError, membership::MembershipError, receive::handover::Handover};

/// What an answer to a join says, read.
struct Told {
    pdus: Vec<Pdu>,
    /// Which of them are the state.
    state: HashSet<OwnedEventId>,
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
            omit_members: self.config.federation.fast_joins,
        };
        Ok(self.peers.ask_for_events(server, request, Patience::LONG).await?.room_state)
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
    pub(super) async fn verify_handover(
        self: &Arc<Self>,
        join: VerifiedPdu,
        state: Vec<Box<RawValue>>,
        auth_chain: Vec<Box<RawValue>>,
    ) -> Result<Handover, MembershipError> {
        let (version, room_id) = (join.pdu().room_version(), join.pdu().room_id().clone());
        let asked = room_id.clone();
        let told = self.tasks.blocking(move || read(version, &asked, &state, &auth_chain)).await;
        let mut handover =
            Handover { room_id, version, event: join, state: Vec::new(), auth_chain: Vec::new(), part: None };
        let mut left_away = 0_usize;
        for verified in self.peers.verify_pdus(told.pdus).await {
            match verified {
                Ok(event) if told.state.contains(event.pdu().event_id()) => handover.state.push(event),
                Ok(event) => handover.auth_chain.push(event),
                Err(error) => {
                    tracing::debug!(room_id = %handover.room_id, %error, "an event of a room is left away");
                    left_away += 1;
                }
            }
        }
        if left_away > 0 {
            tracing::warn!(
                room_id = %handover.room_id, left_away,
                "events of a room that is being joined are not signed rightly"
            );
        }
        Ok(handover)
    }

    /// Takes in one's own join of a room that is at home here, as if another server had sent it.
    pub(super) async fn receive_own_join(
        self: &Arc<Self>,
        server: &ServerName,
        join: &VerifiedPdu,
    ) -> Result<(), MembershipError> {
        let pdu = join.pdu();
        let received = self.receive(server, pdu.room_id(), &raw(pdu)).await;
        let received = received.map_err(|error| MembershipError::NoHelp(error.to_string()))?;
        match received.verdict {
            Verdict::Accepted => Ok(()),
            Verdict::SoftFailed | Verdict::Rejected => {
                Err(WriteError::Refused(received.reason.unwrap_or_default()).into())
            }
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
    let mut told = Told { pdus: Vec::with_capacity(state.len() + auth_chain.len()), state: HashSet::new() };
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
            told.state.insert(pdu.event_id().clone());
        }
        if known.insert(pdu.event_id().clone()) {
            told.pdus.push(pdu);
        }
    }
    told
}
