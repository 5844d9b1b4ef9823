//! What is asked of other servers while events are taken in, and made of their answers: parsed, verified events of the
//! room. Whatever is malformed, badly signed or not of the room is dropped: it costs only itself.

use std::{collections::HashSet, sync::Arc};

use futures_util::{StreamExt, stream};
use kith_event::{Pdu, VerifiedPdu, parse::parse_pdu};
use kith_peers::PeerError;
use kith_store::{EventSid, tables::events::EVENT_META};
use ruma::{
    OwnedEventId, UInt,
    api::{
        Metadata, OutgoingRequest,
        federation::{
            authorization::get_event_authorization,
            backfill::get_backfill,
            event::{get_event, get_missing_events, get_room_state, get_room_state_ids},
        },
        path_builder::SinglePath,
    },
};
use serde_json::value::RawValue;

use super::fetching::Fetching;
use crate::ingest;

/// How many events one answer with missing events or history may bring.
pub(super) const EVENTS_IN_ANSWER_MAX: usize = 100;
/// How many events an auth chain may have.
const AUTH_CHAIN_EVENTS_MAX: usize = 50_000;
/// How many entries a state that is given may have.
const STATE_EVENTS_MAX: usize = 200_000;
/// How many single events are asked for at the same time.
const EVENTS_ASKED_AT_ONCE: usize = 8;

/// Which events of an answer are of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Those that have no place yet, be they stored without one.
    WithoutPlace,
    /// Those that are not stored at all.
    NotStored,
}

/// The ids of a state before an event, and of what authorises it.
pub(super) struct StateIds {
    pub(super) state: Vec<OwnedEventId>,
    pub(super) auth_chain: Vec<OwnedEventId>,
}

impl Fetching<'_> {
    /// What lies between the room's newest events and `latest`.
    pub(super) async fn ask_missing_events(
        &self,
        latest: OwnedEventId,
        earliest: Vec<OwnedEventId>,
        min_depth: u64,
    ) -> Result<Vec<VerifiedPdu>, PeerError> {
        let mut request = get_missing_events::v1::Request::new(self.room.id.clone(), earliest, vec![latest]);
        request.limit = count(super::fetching::MISSING_EVENTS_MAX);
        request.min_depth = UInt::new_saturating(min_depth);
        let answer = self.ask_for_events(request).await?;
        Ok(self.verified(answer.events, EVENTS_IN_ANSWER_MAX, Wanted::WithoutPlace).await)
    }

    /// What came before these events, themselves included.
    pub(super) async fn ask_history(
        &self,
        from: Vec<OwnedEventId>,
        limit: usize,
    ) -> Result<Vec<VerifiedPdu>, PeerError> {
        let request = get_backfill::v1::Request::new(self.room.id.clone(), from, count(limit));
        let answer = self.ask_for_events(request).await?;
        Ok(self.verified(answer.pdus, EVENTS_IN_ANSWER_MAX, Wanted::WithoutPlace).await)
    }

    /// All that authorises an event, as far as it is not stored.
    pub(super) async fn ask_auth_chain(&self, event_id: OwnedEventId) -> Result<Vec<VerifiedPdu>, PeerError> {
        let request = get_event_authorization::v1::Request::new(self.room.id.clone(), event_id);
        let answer = self.ask_for_events(request).await?;
        Ok(self.verified(answer.auth_chain, AUTH_CHAIN_EVENTS_MAX, Wanted::NotStored).await)
    }

    /// The ids of the state before an event.
    pub(super) async fn ask_state_ids(&self, event_id: OwnedEventId) -> Result<StateIds, PeerError> {
        let request = get_room_state_ids::v1::Request::new(event_id, self.room.id.clone());
        let answer = self.ask_for_events(request).await?;
        let (mut state, mut auth_chain) = (answer.pdu_ids, answer.auth_chain_ids);
        state.truncate(STATE_EVENTS_MAX);
        auth_chain.truncate(AUTH_CHAIN_EVENTS_MAX);
        Ok(StateIds { state, auth_chain })
    }

    /// The state before an event and what authorises it, as far as it is not stored.
    pub(super) async fn ask_state(&self, event_id: OwnedEventId) -> Result<Vec<VerifiedPdu>, PeerError> {
        let request = get_room_state::v1::Request::new(event_id, self.room.id.clone());
        let answer = self.ask_for_events(request).await?;
        let (mut texts, mut state) = (answer.auth_chain, answer.pdus);
        texts.truncate(AUTH_CHAIN_EVENTS_MAX);
        state.truncate(STATE_EVENTS_MAX);
        texts.append(&mut state);
        Ok(self.verified(texts, AUTH_CHAIN_EVENTS_MAX + STATE_EVENTS_MAX, Wanted::NotStored).await)
    }

    /// Single events, each asked for by itself. Those that cannot be had are missing from the answer.
    pub(super) async fn ask_events(&self, event_ids: Vec<OwnedEventId>) -> Vec<VerifiedPdu> {
        let asked: HashSet<OwnedEventId> = event_ids.iter().cloned().collect();
        let count = event_ids.len();
        let texts: Vec<Option<Box<RawValue>>> = stream::iter(event_ids)
            .map(|event_id| async move {
                match self.ask_for_events(get_event::v1::Request::new(event_id.clone())).await {
                    Ok(answer) => Some(answer.pdu),
                    Err(error) => {
                        tracing::debug!(%event_id, server = %self.server, %error, "an event cannot be had");
                        None
                    }
                }
            })
            .buffer_unordered(EVENTS_ASKED_AT_ONCE)
            .collect()
            .await;
        let mut events = self.verified(texts.into_iter().flatten(), count, Wanted::NotStored).await;
        events.retain(|event| asked.contains(event.pdu().event_id()));
        events
    }

    async fn ask_for_events<T>(&self, request: T) -> Result<T::IncomingResponse, PeerError>
    where
        T: OutgoingRequest + Metadata<PathBuilder = SinglePath>,
    {
        self.rooms.peers.ask_for_events(&self.server, request, self.patience).await
    }

    /// The events of an answer that are of use.
    async fn verified(
        &self,
        texts: impl IntoIterator<Item = Box<RawValue>>,
        events_max: usize,
        wanted: Wanted,
    ) -> Vec<VerifiedPdu> {
        let texts: Vec<Box<RawValue>> = texts.into_iter().take(events_max).collect();
        let (rooms, room) = (Arc::clone(self.rooms), self.room.clone());
        let parsed = self.rooms.tasks.blocking(move || {
            let mut seen = HashSet::with_capacity(texts.len());
            let mut pdus: Vec<Pdu> = Vec::new();
            for text in texts {
                match parse_pdu(room.version, text.get()) {
                    Ok(pdu) if *pdu.room_id() != room.id || !seen.insert(pdu.event_id().clone()) => {}
                    Ok(pdu) => pdus.push(pdu),
                    Err(error) => tracing::debug!(room_id = %room.id, %error, "an event is dropped"),
                }
            }
            pdus.retain(|pdu| rooms.is_wanted(pdu, wanted).unwrap_or(true));
            pdus
        });
        let mut verified = Vec::new();
        for result in self.rooms.peers.verify_pdus(parsed.await).await {
            match result {
                Ok(event) => verified.push(event),
                Err(error) => tracing::debug!(room_id = %self.room.id, %error, "an event is dropped"),
            }
        }
        metrics::counter!("kith_rooms_fetched_total").increment(verified.len() as u64);
        verified
    }
}

impl crate::Rooms {
    fn is_wanted(&self, pdu: &Pdu, wanted: Wanted) -> Result<bool, kith_store::Error> {
        match wanted {
            Wanted::WithoutPlace => Ok(ingest::known(self, pdu.event_id())?.is_none()),
            Wanted::NotStored => Ok(self.find_stored(pdu.event_id())?.is_none()),
        }
    }

    /// The number of an event that is stored, with a place or without.
    pub(super) fn find_stored(
        &self,
        event_id: &ruma::EventId,
    ) -> Result<Option<EventSid>, kith_store::Error> {
        let Some(event) = self.store.ids().find_event(event_id)? else { return Ok(None) };
        Ok(EVENT_META.contains(self.store.engine(), &event)?.then_some(event))
    }
}

fn count(count: usize) -> UInt {
    UInt::new_saturating(count as u64)
}
