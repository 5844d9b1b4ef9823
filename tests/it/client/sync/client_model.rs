//! A client that only ever syncs knows what the server knows: random events, short timelines, gaps filled by
//! `/messages`, and in the end the same state and the same history.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{filter, next};
use crate::harness::{Dice, Server, User, encode, event_ids, list};

/// How many events a timeline has at most, so that there are gaps.
const TIMELINE_EVENTS: usize = 3;

/// What a client keeps of a room.
struct Client {
    user: User,
    room: String,
    /// The client asks for the state as of the end of the timeline.
    state_after: bool,
    since: Option<String>,
    state: BTreeMap<(String, String), String>,
    history: Vec<String>,
}

impl Client {
    fn new(user: &User, room: &str, state_after: bool) -> Self {
        let (state, history) = (BTreeMap::new(), Vec::new());
        Self { user: user.clone(), room: room.to_owned(), state_after, since: None, state, history }
    }

    async fn sync(&mut self) {
        let by = filter(&json!({"room": {"timeline": {"limit": TIMELINE_EVENTS}}}));
        let since = self.since.as_ref().map(|since| format!("&since={since}")).unwrap_or_default();
        let after = if self.state_after { "&use_state_after=true" } else { "" };
        let answer = self.user.sync_with(&format!("{by}{since}{after}")).await;
        for section in ["join", "leave"] {
            let told = &answer["rooms"][section][&self.room];
            if told.is_null() {
                continue;
            }
            if self.state_after {
                self.apply(&told["state_after"]["events"]);
            } else {
                self.apply(&told["state"]["events"]);
                self.apply(&told["timeline"]["events"]);
            }
            self.append(&told["timeline"]).await;
        }
        self.since = Some(next(&answer).to_owned());
    }

    fn apply(&mut self, events: &Value) {
        for event in list(events) {
            if let Some(key) = event["state_key"].as_str() {
                let entry = (event["type"].as_str().unwrap().to_owned(), key.to_owned());
                self.state.insert(entry, event["event_id"].as_str().unwrap().to_owned());
            }
        }
    }

    async fn append(&mut self, timeline: &Value) {
        if timeline["limited"] == true {
            let mut missed = Vec::new();
            let mut from = timeline["prev_batch"].as_str().unwrap().to_owned();
            let to = self.since.as_ref().map(|since| format!("&to={since}")).unwrap_or_default();
            for _ in 0..100 {
                let page = self.user.messages(&self.room, &format!("dir=b&limit=2&from={from}{to}")).await;
                missed.extend(event_ids(&page["chunk"]).into_iter().map(str::to_owned));
                match page["end"].as_str() {
                    Some(end) => end.clone_into(&mut from),
                    None => break,
                }
            }
            self.history.extend(missed.into_iter().rev());
        }
        self.history.extend(event_ids(&timeline["events"]).into_iter().map(str::to_owned));
    }

    async fn knows_what_the_server_knows(&self) {
        let page = self.user.messages(&self.room, "dir=f&limit=1000").await;
        assert_eq!(self.history, event_ids(&page["chunk"]), "the history of {}", self.user.id);
        self.knows_the_state().await;
    }

    async fn knows_the_state(&self) {
        let state = self.user.get(&format!("/rooms/{}/state", encode(&self.room))).await.ok();
        let mut other = Self::new(&self.user, &self.room, false);
        other.apply(&state);
        assert_eq!(self.state, other.state, "the state of {}", self.user.id);
    }
}

async fn act(dice: &mut Dice, room: &str, alice: &User, bob: &User, dave: &User) {
    let speaker = if dice.throw(2) == 0 { alice } else { bob };
    let number = dice.throw(1_000);
    match dice.throw(8) {
        0..3 => drop(speaker.say(room, &format!("{number}")).await),
        3 => drop(alice.set_state(room, "m.room.topic", "", json!({"topic": number})).await.ok()),
        4 => {
            let key = format!("{}", number % 4);
            alice.set_state(room, "org.example.key", &key, json!({"n": number % 3})).await.ok();
        }
        5 => drop(alice.invite(room, dave).await),
        6 => drop(dave.leave(room).await),
        _ => drop(dave.join(room).await),
    }
}

#[tokio::test]
async fn syncing_is_enough() {
    let server = Server::start().await;
    let [alice, bob, dave] =
        [server.register("alice").await, server.register("bob").await, server.register("dave").await];
    let room = alice.create_room(json!({"preset": "private_chat", "invite": [bob.id]})).await;
    bob.join(&room).await.ok();
    let mut clients =
        [Client::new(&alice, &room, false), Client::new(&bob, &room, true), Client::new(&bob, &room, false)];
    let mut dice = Dice::new(20_261_123);
    for _ in 0..120 {
        act(&mut dice, &room, &alice, &bob, &dave).await;
        for client in &mut clients {
            if dice.throw(6) == 0 {
                client.sync().await;
            }
        }
    }
    for client in &mut clients {
        client.sync().await;
        client.knows_what_the_server_knows().await;
    }
}

#[tokio::test]
async fn coming_and_going_confuses_nobody() {
    let server = Server::start().await;
    let [alice, bob, dave] =
        [server.register("alice").await, server.register("bob").await, server.register("dave").await];
    for seed in 1..=3 {
        let room = alice.create_room(json!({"preset": "private_chat", "invite": [bob.id]})).await;
        bob.join(&room).await.ok();
        let mut clients = [Client::new(&dave, &room, false), Client::new(&dave, &room, true)];
        let mut dice = Dice::new(seed);
        for _ in 0..120 {
            act(&mut dice, &room, &alice, &bob, &dave).await;
            for client in &mut clients {
                if dice.throw(5) == 0 {
                    client.sync().await;
                }
            }
        }
        // In the end he is in the room, and knows its state although he missed much of how it came about.
        alice.invite(&room, &dave).await;
        dave.join(&room).await.ok();
        for client in &mut clients {
            client.sync().await;
            client.knows_the_state().await;
        }
    }
}
