//! Rooms that are joined without the list of their members: usable at once, whole when the members have come.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};

use crate::harness::{
    Peer, Server, User, bodies, encode, event_id, eventually, find_state, members, now_ms, start_federating,
};

const MEMBERS: usize = 60;
const LAZY: &str = r#"{"room":{"state":{"lazy_load_members":true}}}"#;
const INCOMPLETE: &str = "ORG.MATRIX.MSC3895_UNABLE_DUE_TO_PARTIAL_STATE";

/// A room of a peer with many members, which holds them back until it is told.
struct Hosted {
    peer: Peer,
    room: String,
    state: Vec<(String, Value)>,
    gives_state: Arc<AtomicBool>,
}

impl Hosted {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, in a room in which these servers are said to be too.
    async fn start_with(others: &[&str]) -> Self {
        let peer = Peer::start("127.0.0.7").await;
        let room = format!("!large:{}", peer.name);
        let mut hosted = Self { room, state: Vec::new(), gives_state: Arc::default(), peer };
        let creator = hosted.peer.user("creator");
        hosted.add("m.room.create", "", &creator, json!({"room_version": "11"}), &[]);
        hosted.add("m.room.member", &creator, &creator, json!({"membership": "join"}), &[0]);
        let levels = json!({"users": {&creator: 100}});
        hosted.add("m.room.power_levels", "", &creator, levels, &[0, 1]);
        hosted.add("m.room.join_rules", "", &creator, json!({"join_rule": "public"}), &[0, 1, 2]);
        for number in 0..MEMBERS {
            let user = hosted.peer.user(&format!("user{number}"));
            let content = json!({"membership": "join", "displayname": format!("User {number}")});
            hosted.add("m.room.member", &user, &user, content, &[0, 2, 3]);
        }
        hosted.let_in(others);
        gives(&hosted.peer, hosted.state.clone(), Arc::clone(&hosted.gives_state));
        hosted.peer.answer("/_matrix/federation/v1/send/", |_| (200, json!({"pdus": {}})));
        hosted
    }

    fn add(&mut self, kind: &str, state_key: &str, sender: &str, content: Value, auth: &[usize]) {
        let auth: Vec<&str> = auth.iter().map(|index| &*self.state[*index].0).collect();
        let prev: Vec<&str> = self.state.last().map(|(id, _)| &**id).into_iter().collect();
        let event = json!({
            "room_id": self.room, "type": kind, "state_key": state_key, "sender": sender, "content": content,
            "auth_events": auth, "prev_events": prev, "depth": self.state.len() + 1,
            "origin_server_ts": now_ms(),
        });
        self.state.push(self.peer.event(event));
    }

    /// Answers whoever wants to join.
    fn let_in(&self, others: &[&str]) {
        let events = |indices: &[usize]| -> Vec<Value> {
            indices.iter().map(|index| self.state[*index].1.clone()).collect()
        };
        let (last, depth) = (self.state.last().unwrap().0.clone(), self.state.len() + 1);
        let auth: Vec<String> = [0, 2, 3].map(|index| self.state[index].0.clone()).into();
        let room = self.room.clone();
        self.peer.answer("/_matrix/federation/v1/make_join/", move |request| {
            let path = request.path.split('?').next().unwrap();
            let user = path.rsplit('/').next().unwrap().replace("%40", "@").replace("%3A", ":");
            let event = json!({
                "room_id": room, "type": "m.room.member", "state_key": user, "sender": user,
                "content": {"membership": "join"}, "auth_events": auth, "prev_events": [last],
                "depth": depth, "origin_server_ts": now_ms(),
            });
            (200, json!({"room_version": "11", "event": event}))
        });
        let (state, chain) = (events(&[0, 2, 3]), events(&[1]));
        let whole: Vec<Value> = self.state.iter().map(|(_, event)| event.clone()).collect();
        let servers: Vec<String> =
            [&*self.peer.name].iter().chain(others).map(|name| (*name).to_owned()).collect();
        self.peer.answer("/_matrix/federation/v2/send_join/", move |request| {
            let omits = request.path.contains("omit_members=true");
            let answer = match omits {
                true => json!({"state": state, "auth_chain": chain, "members_omitted": true,
                               "servers_in_room": servers}),
                false => json!({"state": whole, "auth_chain": whole}),
            };
            (200, answer)
        });
    }

    fn give_state(&self) {
        self.gives_state.store(true, Ordering::SeqCst);
    }

    /// The join that was handed in last, with its id.
    fn join(&self) -> (String, Value) {
        let join = self.peer.received("/_matrix/federation/v2/send_join/").pop().expect("a join").body;
        (event_id(&join), join)
    }

    /// What a member says after the join.
    fn message(&self, number: usize, text: &str) -> Value {
        let (join_id, join) = self.join();
        let member = &self.state[4 + number].0;
        let (_, event) = self.peer.event(json!({
            "room_id": self.room, "type": "m.room.message", "sender": self.peer.user(&format!("user{number}")),
            "content": {"msgtype": "m.text", "body": text},
            "auth_events": [self.state[0].0, self.state[2].0, member],
            "prev_events": [join_id], "depth": join["depth"].as_u64().unwrap() + 1,
            "origin_server_ts": now_ms(),
        }));
        event
    }

    /// Waits until an event of this sort was delivered to the peer.
    async fn is_told(&self, what: &str, fits: impl Fn(&Value) -> bool) {
        eventually(what, async || {
            let told = self.peer.received("/_matrix/federation/v1/send/");
            let mut pdus =
                told.iter().flat_map(|told| told.body["pdus"].as_array().cloned().unwrap_or_default());
            if pdus.any(|pdu| fits(&pdu)) { Ok(()) } else { Err(format!("{} transactions", told.len())) }
        })
        .await;
    }
}

/// What is said of a state, as the events' ids and texts.
type Saying<'a> = &'a dyn Fn(&[(String, Value)]) -> Value;

/// Has a peer answer with a state where that is asked for, as soon as it may; and with single events of it.
fn gives(peer: &Peer, whole: Vec<(String, Value)>, may: Arc<AtomicBool>) {
    let known = whole.clone();
    let given = move |answer: Saying<'_>| match may.load(Ordering::SeqCst) {
        true => (200, answer(&whole)),
        false => (404, json!({"errcode": "M_NOT_FOUND", "error": "not yet"})),
    };
    let ids = given.clone();
    peer.answer("/_matrix/federation/v1/state_ids/", move |_| {
        ids(&|state| {
            let ids: Vec<&str> = state.iter().map(|(id, _)| &**id).collect();
            json!({"pdu_ids": ids, "auth_chain_ids": ids[..3]})
        })
    });
    peer.answer("/_matrix/federation/v1/state/", move |_| {
        given(&|state| {
            let events: Vec<&Value> = state.iter().map(|(_, event)| event).collect();
            json!({"pdus": events, "auth_chain": events[..3]})
        })
    });
    peer.answer("/_matrix/federation/v1/event/", move |request| {
        let found = known.iter().find(|(id, _)| request.path.contains(&id[1..]));
        found.map_or((404, json!({"errcode": "M_NOT_FOUND", "error": "unknown"})), |(_, event)| {
            (200, json!({"origin": "x", "origin_server_ts": 0, "pdus": [event]}))
        })
    });
}

async fn lazy_sync(user: &User, since: &str) -> Value {
    user.sync_with(&format!("filter={}{since}", encode(LAZY))).await
}

/// Waits until a client that wants all members is shown the room, and answers the room.
async fn sees_whole(user: &User, room: &str, since: Option<&str>) -> Value {
    let shown = |answer: &Value| {
        answer["rooms"]["join"][room].is_object().then(|| answer["rooms"]["join"][room].clone())
    };
    user.sync_until(since, shown).await.0
}

async fn joined() -> (Server, User, Hosted) {
    let (server, hosted) = tokio::join!(start_federating("127.0.0.2", ""), Hosted::start());
    let bob = server.register("bob").await;
    bob.join_via(&hosted.room, &hosted.peer.name).await.ok();
    (server, bob, hosted)
}

#[tokio::test]
async fn a_room_is_read_and_written_before_its_members_have_come() {
    let (server, bob, hosted) = joined().await;
    let (peer, room) = (&hosted.peer, hosted.room.as_str());

    // Clients that load members lazily see the room, the others not yet.
    let shown = lazy_sync(&bob, "").await;
    let state = &shown["rooms"]["join"][room]["state"]["events"];
    assert!(find_state(state, "m.room.create", "").is_some(), "{shown}");
    let since = bob.now().await;
    assert!(bob.sync(None).await["rooms"]["join"][room].is_null());

    // Both sides talk; who speaks is known by the authority of what they say.
    let said = bob.say(room, "hello").await;
    hosted.is_told("the message is delivered", |pdu| pdu["content"]["body"] == "hello").await;
    let message = hosted.message(7, "hello bob");
    let sent = peer.send(&server, "one", &[message]).await.ok();
    assert!(sent["pdus"].as_object().unwrap().values().all(|told| told["error"].is_null()), "{sent}");
    let shown = lazy_sync(&bob, "").await;
    let shown = &shown["rooms"]["join"][room];
    assert_eq!(bodies(&shown["timeline"]["events"]), ["hello", "hello bob"]);
    let user7 = peer.user("user7");
    let member = find_state(&shown["state"]["events"], "m.room.member", &user7).expect("the sender");
    assert_eq!(member["content"]["displayname"], "User 7");

    // Another user of the server joins where the room is known already.
    let carl = server.register("carl").await;
    carl.join(room).await.ok();
    assert_eq!(peer.received("/_matrix/federation/v1/make_join/").len(), 1);
    hosted.is_told("the other join is delivered", |pdu| pdu["state_key"] == *carl.id).await;

    // What this server cannot vouch for, it does not give.
    let path =
        format!("/_matrix/federation/v1/make_join/{}/{}?ver=11", encode(room), encode(&peer.user("eve")));
    peer.get(&server, &path).await.refused(404, "M_NOT_FOUND");
    let path = format!("/_matrix/federation/v1/state_ids/{}?event_id={}", encode(room), encode(&said));
    peer.get(&server, &path).await.refused(403, INCOMPLETE);
    let path = format!("/_matrix/federation/v1/event/{}", encode(&said));
    peer.get(&server, &path).await.ok();

    // Whoever asks for the members waits until they are there.
    let lazy_since = lazy_sync(&bob, "").await["next_batch"].as_str().unwrap().to_owned();
    let members_path = format!("/rooms/{}/members", encode(room));
    let giving = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        hosted.give_state();
    };
    let (found, ()) = tokio::join!(bob.get(&members_path), giving);
    assert_eq!(members(&found.ok()["chunk"]).len(), MEMBERS + 3);

    // Then everybody sees the whole room, and nobody sees anything twice.
    let whole = sees_whole(&bob, room, Some(&since)).await;
    let told = [&whole["state"]["events"], &whole["timeline"]["events"]].map(|events| members(events).len());
    assert_eq!(told.iter().sum::<usize>(), MEMBERS + 3, "{whole}");
    assert_eq!(bodies(&whole["timeline"]["events"]), ["hello", "hello bob"]);
    let lazily = lazy_sync(&bob, &format!("&since={}", encode(&lazy_since))).await;
    let lazily = &lazily["rooms"]["join"][room];
    assert_eq!(lazily["summary"]["m.joined_member_count"], MEMBERS + 3, "{lazily}");
    assert!(lazily["timeline"]["events"].as_array().is_none_or(Vec::is_empty), "{lazily}");
    // Of the members that have become known, only those are told after whom the room is named.
    let heroes = lazily["summary"]["m.heroes"].as_array().unwrap();
    let told = lazily["state"]["events"].as_array().unwrap();
    assert!(told.iter().all(|event| heroes.contains(&event["state_key"])), "{lazily}");
    let path = format!("/_matrix/federation/v1/state_ids/{}?event_id={}", encode(room), encode(&said));
    peer.get(&server, &path).await.ok();
    let mut server = server;
    server.terminate().await;
    let (sound, findings) = server.command(&["check"]);
    assert!(sound, "{findings}");
}

#[tokio::test]
async fn a_restart_loses_nothing_of_it() {
    let (server, bob, hosted) = joined().await;
    let room = hosted.room.as_str();
    bob.say(room, "before").await;
    let server = server.crash_and_restart().await;
    let bob = bob.on(&server);
    assert!(bob.sync(None).await["rooms"]["join"][room].is_null());
    bob.say(room, "after").await;
    hosted.give_state();
    let whole = sees_whole(&bob, room, None).await;
    assert_eq!(bodies(&whole["timeline"]["events"]), ["before", "after"]);
    let joined = bob.get(&format!("/rooms/{}/joined_members", encode(room))).await.ok();
    assert_eq!(joined["joined"].as_object().unwrap().len(), MEMBERS + 2);
}

#[tokio::test]
async fn it_can_be_left_before_its_members_have_come() {
    let (server, bob, hosted) = joined().await;
    let room = hosted.room.as_str();
    bob.leave(room).await.ok();
    hosted.is_told("the leave is delivered", |pdu| pdu["content"]["membership"] == "leave").await;
    assert!(lazy_sync(&bob, "").await["rooms"]["join"][room].is_null());
    // What is told of a room that nobody here is in is not taken in.
    let message = hosted.message(3, "anybody there?");
    let said = event_id(&message);
    hosted.peer.send(&server, "one", &[message]).await.ok();
    bob.event(room, &said).await.refused(404, "M_NOT_FOUND");
    hosted.give_state();
    bob.join_via(room, &hosted.peer.name).await.ok();
    let whole = sees_whole(&bob, room, None).await;
    let told = [&whole["state"]["events"], &whole["timeline"]["events"]].map(|events| members(events).len());
    assert!(told.iter().sum::<usize>() >= MEMBERS + 2, "{whole}");
}

#[tokio::test]
async fn an_operator_may_have_members_fetched_with_the_join() {
    let hosted = Hosted::start().await;
    let server = start_federating("127.0.0.2", "[federation]\nfast_joins = false\n").await;
    let bob = server.register("bob").await;
    bob.join_via(&hosted.room, &hosted.peer.name).await.ok();
    let whole = sees_whole(&bob, &hosted.room, None).await;
    let told = [&whole["state"]["events"], &whole["timeline"]["events"]].map(|events| members(events).len());
    assert_eq!(told.iter().sum::<usize>(), MEMBERS + 2);
    assert!(hosted.peer.received("/_matrix/federation/v1/state").is_empty());
}

#[tokio::test]
async fn what_one_server_lies_about_another_tells() {
    let other = Peer::start("127.0.0.8").await;
    let others = [&*other.name, "127.0.0.9:1"];
    let (server, hosted) = tokio::join!(start_federating("127.0.0.2", ""), Hosted::start_with(&others));
    // A state in which nobody may join; the other one has it right.
    gives(&hosted.peer, hosted.state[..3].to_vec(), Arc::new(AtomicBool::new(true)));
    gives(&other, hosted.state.clone(), Arc::new(AtomicBool::new(true)));
    let bob = server.register("bob").await;
    bob.join_via(&hosted.room, &hosted.peer.name).await.ok();
    let whole = sees_whole(&bob, &hosted.room, None).await;
    let told = [&whole["state"]["events"], &whole["timeline"]["events"]].map(|events| members(events).len());
    assert_eq!(told.iter().sum::<usize>(), MEMBERS + 2, "{whole}");
    assert!(!hosted.peer.received("/_matrix/federation/v1/state_ids/").is_empty());
    assert!(!other.received("/_matrix/federation/v1/state_ids/").is_empty());
    // Nobody of the other server is there: it was told what was said so far, and is not told more.
    bob.say(&hosted.room, "whole").await;
    hosted.is_told("the message is delivered", |pdu| pdu["content"]["body"] == "whole").await;
    let told = other.received("/_matrix/federation/v1/send/");
    assert!(!told.iter().any(|told| told.body.to_string().contains("\"whole\"")), "{}", told.len());
}

#[tokio::test]
async fn servers_that_are_said_to_be_there_are_told_what_is_said() {
    let other = Peer::start("127.0.0.8").await;
    other.answer("/_matrix/federation/v1/send/", |_| (200, json!({"pdus": {}})));
    let others = [&*other.name];
    let (server, hosted) = tokio::join!(start_federating("127.0.0.2", ""), Hosted::start_with(&others));
    let bob = server.register("bob").await;
    bob.join_via(&hosted.room, &hosted.peer.name).await.ok();
    bob.say(&hosted.room, "hello all").await;
    eventually("the other server is told", async || {
        let told = other.received("/_matrix/federation/v1/send/");
        let is_told = told.iter().any(|told| told.body.to_string().contains("hello all"));
        if is_told { Ok(()) } else { Err(format!("{} transactions", told.len())) }
    })
    .await;
}
