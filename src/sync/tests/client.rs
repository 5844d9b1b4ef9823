//! A client that believes what it is told: it keeps rooms, state, timelines and account data from answer to answer.

use std::collections::{BTreeMap, BTreeSet};

use kith_accounts::Requester;
use kith_rooms::{timeline::PageRequest, tokens::Token};
use kith_store::Direction;
use ruma::{OwnedRoomId, RoomId};
use serde_json::{Value, json};

use super::world::World;
use crate::{StateAfter, SyncRequest};

/// How many events of a timeline the client asks for at a time.
pub(super) type Limit = u64;

pub(super) struct Client {
    who: Requester,
    limit: Limit,
    state_after: StateAfter,
    since: Option<String>,
    pub(super) rooms: BTreeMap<OwnedRoomId, ClientRoom>,
    pub(super) account_data: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ClientRoom {
    pub(super) membership: &'static str,
    /// Event ids by type and state key.
    pub(super) state: BTreeMap<(String, String), String>,
    /// Event ids, oldest first, from the first event the user may see.
    pub(super) history: Vec<String>,
    pub(super) account_data: BTreeMap<String, Value>,
    /// Event ids by user, kind and thread.
    pub(super) receipts: BTreeMap<(String, String, String), String>,
    /// Types of the stripped state.
    pub(super) outside_state: BTreeSet<String>,
}

impl Client {
    pub(super) fn new(who: &Requester, limit: Limit, state_after: StateAfter) -> Self {
        Self {
            who: who.clone(),
            limit,
            state_after,
            since: None,
            rooms: BTreeMap::new(),
            account_data: BTreeMap::new(),
        }
    }

    /// Asks once and believes the answer.
    pub(super) fn sync(&mut self, world: &World) {
        let filter = json!({"room": {"timeline": {"limit": self.limit}}});
        let request = SyncRequest {
            filter: Some(filter.to_string()),
            since: self.since.clone(),
            state_after: self.state_after,
            ..SyncRequest::default()
        };
        let answer = world.sync(&self.who, &request);
        self.since = answer["next_batch"].as_str().map(str::to_owned);
        keep(&mut self.account_data, &answer["account_data"]);
        for (section, membership) in
            [("invite", "invite"), ("knock", "knock"), ("join", "join"), ("leave", "leave")]
        {
            for (room_id, told) in answer["rooms"][section].as_object().into_iter().flatten() {
                let room_id = RoomId::parse(room_id).expect("a room id");
                self.believe(world, &room_id, membership, told);
            }
        }
    }

    fn believe(&mut self, world: &World, room_id: &RoomId, membership: &'static str, told: &Value) {
        let room = self.rooms.entry(room_id.to_owned()).or_default();
        let was_joined = room.membership == "join";
        room.membership = membership;
        room.outside_state.clear();
        let outside = &told[if membership == "invite" { "invite_state" } else { "knock_state" }];
        if matches!(membership, "invite" | "knock") {
            room.outside_state =
                super::world::fields(outside, "type").into_iter().map(str::to_owned).collect();
            return;
        }
        if !was_joined {
            room.state.clear();
        }
        if self.state_after == StateAfter::No {
            apply(&mut room.state, &told["state"]);
            apply(&mut room.state, &told["timeline"]);
        } else {
            assert!(told["state"].is_null(), "state beside state_after");
            apply(&mut room.state, &told["state_after"]);
        }
        keep(&mut room.account_data, &told["account_data"]);
        keep_receipts(&mut room.receipts, &told["ephemeral"]);
        let chunk = super::world::fields(&told["timeline"], "event_id").into_iter().map(str::to_owned);
        let chunk: Vec<String> = chunk.collect();
        if !was_joined || told["timeline"]["limited"] == true {
            let prev_batch =
                told["timeline"]["prev_batch"].as_str().expect("a timeline says what came before");
            room.history = history_before(world, &self.who, room_id, Some(prev_batch));
        }
        room.history.extend(chunk);
        let distinct: BTreeSet<&String> = room.history.iter().collect();
        assert_eq!(distinct.len(), room.history.len(), "an event came twice: {:?}", room.history);
    }

    /// The rooms that count for a comparison: those the user has to do with now.
    pub(super) fn current(&self) -> BTreeMap<&OwnedRoomId, &ClientRoom> {
        self.rooms.iter().filter(|(_, room)| room.membership != "leave").collect()
    }
}

/// All events that a user may see before a token, oldest first, by paging back.
pub(super) fn history_before(
    world: &World,
    who: &Requester,
    room_id: &RoomId,
    from: Option<&str>,
) -> Vec<String> {
    let view = world.store.read();
    let viewer = world.rooms.viewer(&*view, who.user, &who.user_id, None).expect("reads");
    let mut from = Token::parse_optional(from).expect("a token");
    let mut events = Vec::new();
    loop {
        let request = PageRequest {
            from,
            to: None,
            direction: Direction::Backward,
            limit: 50,
            filter: kith_rooms::filter::RoomEventFilter::default(),
        };
        // Who was never in the room has no history to page through.
        let Ok(page) = world.rooms.messages(&*view, room_id, &viewer, &request) else { return Vec::new() };
        for event in &page.chunk {
            let event: Value = serde_json::from_str(event.get()).expect("JSON");
            events.push(event["event_id"].as_str().expect("an id").to_owned());
        }
        match page.end {
            Some(end) if !page.chunk.is_empty() => from = Some(end),
            _ => break,
        }
    }
    events.reverse();
    events
}

fn apply(state: &mut BTreeMap<(String, String), String>, section: &Value) {
    for event in section["events"].as_array().into_iter().flatten() {
        if let Some(state_key) = event["state_key"].as_str() {
            let key = (event["type"].as_str().expect("a type").to_owned(), state_key.to_owned());
            state.insert(key, event["event_id"].as_str().expect("an id").to_owned());
        }
    }
}

fn keep(data: &mut BTreeMap<String, Value>, section: &Value) {
    for event in section["events"].as_array().into_iter().flatten() {
        data.insert(event["type"].as_str().expect("a type").to_owned(), event["content"].clone());
    }
}

fn keep_receipts(receipts: &mut BTreeMap<(String, String, String), String>, section: &Value) {
    for event in
        section["events"].as_array().into_iter().flatten().filter(|event| event["type"] == "m.receipt")
    {
        for (event_id, kinds) in event["content"].as_object().into_iter().flatten() {
            for (kind, users) in kinds.as_object().into_iter().flatten() {
                for (user, receipt) in users.as_object().into_iter().flatten() {
                    let thread = receipt["thread_id"].as_str().unwrap_or_default();
                    receipts.insert((user.clone(), kind.clone(), thread.to_owned()), event_id.clone());
                }
            }
        }
    }
}
