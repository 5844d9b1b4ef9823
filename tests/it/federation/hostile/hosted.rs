//! A room that lives on the peer alone, and what the peer answers about it.

use serde_json::{Value, json};

use super::flaws::text_of;
use crate::harness::{Answer, Peer, Sent, Server, User, now_ms, start_federating};

/// The version of such rooms.
const VERSION: &str = "11";

/// A server with a user who wants to come, and a peer with rooms.
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) alice: User,
    pub(super) peer: Peer,
}

impl Scene {
    pub(super) async fn start() -> Self {
        let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
        let alice = server.register("alice").await;
        peer.answer("/_matrix/federation/v1/send/", |_| (200, json!({"pdus": {}})));
        Self { server, alice, peer }
    }

    /// Alice tries to join a room of the peer's.
    pub(super) async fn join(&self, room: &Hosted) -> Answer {
        self.alice.join_via(&room.id, &self.peer.name).await
    }

    /// Checks that a try to join has failed and that nothing is left of it.
    pub(super) async fn stays_out(&self, room: &Hosted, answer: Answer) {
        assert!(answer.status >= 400, "{} succeeded", answer.request);
        assert!(answer.body["errcode"].is_string() && answer.body["error"].is_string(), "{}", answer.body);
        let joined = self.alice.get("/joined_rooms").await.ok();
        assert!(!joined["joined_rooms"].as_array().unwrap().contains(&json!(room.id)), "{joined}");
    }

    /// Checks that alice is in a room and can use it.
    pub(super) async fn is_in(&self, room: &Hosted) {
        let said = self.alice.say(&room.id, "still here").await;
        self.alice.event(&room.id, &said).await.ok();
    }
}

/// A room of a peer's, with its owner in it.
#[derive(Clone)]
pub(super) struct Hosted {
    pub(super) id: String,
    pub(super) owner: String,
    /// The state, with the ids of its events.
    pub(super) state: Vec<(String, Value)>,
    /// The newest events.
    pub(super) newest: Vec<String>,
    depth: u64,
}

impl Hosted {
    /// A public room.
    pub(super) fn new(peer: &Peer, name: &str) -> Self {
        let owner = peer.user("owner");
        let id = format!("!{name}:{}", peer.name);
        let mut room = Self { id, owner: owner.clone(), state: Vec::new(), newest: Vec::new(), depth: 0 };
        room.set(peer, "m.room.create", "", json!({"room_version": VERSION}));
        room.set(peer, "m.room.member", &owner, json!({"membership": "join"}));
        room.set(peer, "m.room.power_levels", "", json!({"users": {&owner: 100}}));
        room.set(peer, "m.room.join_rules", "", json!({"join_rule": "public"}));
        room
    }

    /// The event that an entry of the state is, or would be next.
    pub(super) fn draft(
        &self,
        peer: &Peer,
        kind: &str,
        key: Option<&str>,
        content: Value,
    ) -> (String, Value) {
        let authority = ["m.room.create", "m.room.power_levels", "m.room.member"];
        let mut event = json!({
            "type": kind, "room_id": self.id, "sender": self.owner, "content": content, "depth": self.depth + 1,
            "origin_server_ts": now_ms(), "prev_events": self.newest,
            "auth_events": self.ids_of(&authority),
        });
        if let Some(key) = key {
            event["state_key"] = json!(key);
        }
        peer.event(event)
    }

    /// Adds an entry to the state.
    pub(super) fn set(&mut self, peer: &Peer, kind: &str, key: &str, content: Value) -> String {
        let (event_id, event) = self.draft(peer, kind, Some(key), content);
        self.state.retain(|(_, known)| known["type"] != kind || known["state_key"] != key);
        self.state.push((event_id.clone(), event));
        self.newest = vec![event_id.clone()];
        self.depth += 1;
        event_id
    }

    /// The id of the event that is an entry of the state with no key.
    pub(super) fn id_of(&self, kind: &str) -> String {
        self.ids_of(&[kind]).remove(0)
    }

    fn ids_of(&self, kinds: &[&str]) -> Vec<String> {
        let of_kind = |(_, event): &&(String, Value)| kinds.iter().any(|kind| event["type"] == *kind);
        self.state.iter().filter(of_kind).map(|(event_id, _)| event_id.clone()).collect()
    }

    /// The events of the state.
    pub(super) fn events(&self) -> Vec<Value> {
        self.state.iter().map(|(_, event)| event.clone()).collect()
    }

    /// What the peer says to somebody who wants to join.
    pub(super) fn template(&self, user: &User) -> Value {
        json!({"room_version": VERSION, "event": {
            "type": "m.room.member", "room_id": self.id, "sender": user.id, "state_key": user.id,
            "content": {"membership": "join"}, "depth": self.depth + 1, "origin_server_ts": now_ms(),
            "prev_events": self.newest,
            "auth_events": self.ids_of(&["m.room.create", "m.room.power_levels", "m.room.join_rules"]),
        }})
    }

    /// Has the peer let a user join, and answer with this state.
    pub(super) fn lets_in(&self, peer: &Peer, user: &User, state: &[Value]) {
        let answer = json!({"state": state, "auth_chain": state, "members_omitted": false});
        self.answers_join(peer, self.template(user), answer);
    }

    /// Has the peer answer the two steps of a join like this.
    pub(super) fn answers_join(&self, peer: &Peer, template: Value, answer: Value) {
        peer.answer("/_matrix/federation/v1/make_join/", move |_| (200, template.clone()));
        peer.answer_with("/_matrix/federation/v2/send_join/", move |request| {
            let mut answer = answer.clone();
            if let Some(fields) = answer.as_object_mut() {
                fields.entry("event").or_insert_with(|| request.body.clone());
            }
            let headers = vec![("content-type", "application/json".to_owned())];
            Sent { status: 200, headers, body: text_of(&answer).into_bytes() }
        });
    }
}
