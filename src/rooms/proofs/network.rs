//! A network of worlds: what one server asks of another is answered from that one's store, or not at all.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Weak},
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use kith_base::outgoing::{OutgoingError, OutgoingRequest, OutgoingStream, Reach, Transport};
use kith_event::Pdu;
use kith_store::{EventSid, tables::events::EVENT_META};
use parking_lot::Mutex;
use ruma::{EventId, OwnedEventId};
use serde_json::{Value, json};

use crate::Rooms;

/// The servers there are, by host and port.
#[derive(Default)]
pub(super) struct Network {
    servers: Mutex<HashMap<String, Weak<Rooms>>>,
    /// Endpoints that no server knows.
    cut: Mutex<HashSet<String>>,
    /// How often each endpoint was asked.
    asked: Mutex<BTreeMap<String, usize>>,
    /// What is answered for single events instead of them.
    forged: Mutex<HashMap<OwnedEventId, String>>,
}

impl Network {
    pub(super) fn enter(&self, name: &str, rooms: &Arc<Rooms>) {
        self.servers.lock().insert(name.to_owned(), Arc::downgrade(rooms));
    }

    /// From now on no server knows this endpoint.
    pub(super) fn cut(&self, endpoint: &str) {
        self.cut.lock().insert(endpoint.to_owned());
    }

    /// From now on this text is given wherever this event is.
    pub(super) fn forge(&self, event_id: &EventId, text: String) {
        self.forged.lock().insert(event_id.to_owned(), text);
    }

    /// How often an endpoint was asked since the last time.
    pub(super) fn asked(&self, endpoint: &str) -> usize {
        self.asked.lock().remove(endpoint).unwrap_or_default()
    }

    /// The status and the body; nothing where there is no server.
    fn answer(&self, request: &OutgoingRequest) -> Option<(u16, Value)> {
        let rest = request.url.strip_prefix("https://")?;
        let (host, path) = rest.split_once('/')?;
        let rooms = self.servers.lock().get(host)?.upgrade()?;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<String> = path.split('/').map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let ["_matrix", area, _, endpoint, arguments @ ..] = parts.as_slice() else { return None };
        *self.asked.lock().entry((*endpoint).to_owned()).or_default() += 1;
        if self.cut.lock().contains(*endpoint) {
            return Some((404, json!({ "errcode": "M_UNRECOGNIZED" })));
        }
        if (*area, *endpoint) == ("key", "server") {
            return Some((200, serde_json::from_str(rooms.peers.own_keys().get()).ok()?));
        }
        let query: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), decode(value)))
            .collect();
        let answering = Answering { rooms: &rooms, network: self };
        let answer = answering.answer(endpoint, arguments, &query, &request.body);
        Some(answer.map_or_else(|| (404, json!({ "errcode": "M_NOT_FOUND" })), |answer| (200, answer)))
    }
}

impl Transport for Network {
    fn send(
        &self,
        request: OutgoingRequest,
        _: Reach,
    ) -> BoxFuture<'_, Result<OutgoingStream, OutgoingError>> {
        let answer = match self.answer(&request) {
            Some((status, answer)) => Ok(OutgoingStream {
                status,
                headers: http::HeaderMap::new(),
                body: stream::iter([Ok(Bytes::from(answer.to_string()))]).boxed(),
            }),
            None => Err(OutgoingError::Connection("nobody there".to_owned())),
        };
        async { answer }.boxed()
    }
}

/// A server that answers.
struct Answering<'a> {
    rooms: &'a Rooms,
    network: &'a Network,
}

impl Answering<'_> {
    fn answer(
        &self,
        endpoint: &str,
        arguments: &[&str],
        query: &[(String, String)],
        body: &[u8],
    ) -> Option<Value> {
        let named = |name: &str| -> Vec<&str> {
            query.iter().filter(|(other, _)| other == name).map(|(_, value)| &**value).collect()
        };
        let signed = json!({ "origin": self.rooms.server_name, "origin_server_ts": 0 });
        let with = |mut answer: Value, name: &str, value: Value| {
            answer[name] = value;
            Some(answer)
        };
        match (endpoint, arguments) {
            ("event", [event_id]) => {
                let event = self.find(event_id)?;
                with(signed, "pdus", self.texts(&[event]))
            }
            ("event_auth", [_, event_id]) => {
                let chain = self.auth_chain(vec![self.find(event_id)?]);
                Some(json!({ "auth_chain": self.texts(&chain) }))
            }
            ("state_ids", [_]) => {
                let (state, chain) = self.state_before(self.find(named("event_id").first()?)?)?;
                Some(json!({ "pdu_ids": self.ids(&state), "auth_chain_ids": self.ids(&chain) }))
            }
            ("state", [_]) => {
                let (state, chain) = self.state_before(self.find(named("event_id").first()?)?)?;
                Some(json!({ "pdus": self.texts(&state), "auth_chain": self.texts(&chain) }))
            }
            ("get_missing_events", [_]) => {
                let body: Value = serde_json::from_slice(body).ok()?;
                let ids = |name: &str| -> Vec<EventSid> {
                    let listed = body[name].as_array().into_iter().flatten();
                    listed.filter_map(|id| self.find(id.as_str()?)).collect()
                };
                let limit = body["limit"].as_u64().unwrap_or(10);
                let latest = ids("latest_events");
                let below = latest.iter().flat_map(|event| self.prev(*event)).collect();
                let events = self.history(below, &ids("earliest_events"), limit as usize);
                Some(json!({ "events": self.texts(&events) }))
            }
            ("backfill", [_]) => {
                let limit = named("limit").first()?.parse().ok()?;
                let from = named("v").into_iter().filter_map(|id| self.find(id)).collect();
                with(signed, "pdus", self.texts(&self.history(from, &[], limit)))
            }
            _ => None,
        }
    }

    fn find(&self, event_id: &str) -> Option<EventSid> {
        let event_id = EventId::parse(event_id).ok()?;
        let event = self.rooms.store.ids().find_event(&event_id).ok()??;
        EVENT_META.contains(self.rooms.store.engine(), &event).ok()?.then_some(event)
    }

    fn prev(&self, event: EventSid) -> Vec<EventSid> {
        EVENT_META
            .get(self.rooms.store.engine(), &event)
            .expect("reads")
            .map(|meta| meta.prev)
            .unwrap_or_default()
    }

    /// What comes before events, themselves included, newest first.
    fn history(&self, from: Vec<EventSid>, until: &[EventSid], limit: usize) -> Vec<EventSid> {
        let depth = |event: &EventSid| {
            EVENT_META.get(self.rooms.store.engine(), event).expect("reads").map(|meta| meta.depth)
        };
        let (mut wanted, mut found) = (from, Vec::new());
        while found.len() < limit {
            wanted.sort_by_key(depth);
            let Some(event) = wanted.pop() else { break };
            if found.contains(&event) || until.contains(&event) || depth(&event).is_none() {
                continue;
            }
            found.push(event);
            wanted.extend(self.prev(event));
        }
        found
    }

    fn auth_chain(&self, mut from: Vec<EventSid>) -> Vec<EventSid> {
        let mut chain = Vec::new();
        while let Some(event) = from.pop() {
            let meta = EVENT_META.get(self.rooms.store.engine(), &event).expect("reads").expect("stored");
            for auth in meta.auth {
                if !chain.contains(&auth) {
                    chain.push(auth);
                    from.push(auth);
                }
            }
        }
        chain
    }

    fn state_before(&self, event: EventSid) -> Option<(Vec<EventSid>, Vec<EventSid>)> {
        let meta = EVENT_META.get(self.rooms.store.engine(), &event).expect("reads")?;
        let entries = self.rooms.state_at(meta.room, meta.place?.state_before).entries().expect("reads");
        let state: Vec<EventSid> = entries.into_iter().map(|(_, event)| event).collect();
        let chain = self.auth_chain(state.clone());
        Some((state, chain))
    }

    fn texts(&self, events: &[EventSid]) -> Value {
        let pdus: Vec<Pdu> = self.rooms.pdus(events).expect("stored");
        let forged = self.network.forged.lock();
        let text = |pdu: &Pdu| -> Value {
            let text = forged.get(pdu.event_id()).map_or(pdu.json(), String::as_str);
            serde_json::from_str(text).expect("JSON")
        };
        pdus.iter().map(text).collect()
    }

    fn ids(&self, events: &[EventSid]) -> Value {
        events.iter().map(|event| json!(self.rooms.store.ids().event_id(*event).expect("reads"))).collect()
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = std::str::from_utf8(&digits).expect("ASCII");
                u8::from_str_radix(digits, 16).expect("two digits")
            }
            other => other,
        });
    }
    String::from_utf8(bytes).expect("UTF-8")
}
