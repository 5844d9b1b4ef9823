//! Events that a server answers with when it is asked: what lies between, single events, states, history.

use serde_json::{Value, json};

use super::{
    authorised_by,
    flaws::{Flaw, text_of},
    goes_on,
    hosted::{Hosted, Scene},
};
use crate::{
    federation::shared::Shared,
    harness::{Sent, encode, eventually, now_ms},
};

const MISSING: &str = "/_matrix/federation/v1/get_missing_events/";
const EVENT: &str = "/_matrix/federation/v1/event/";
const STATE: &str = "/_matrix/federation/v1/state/";
const STATE_IDS: &str = "/_matrix/federation/v1/state_ids/";
const EVENT_AUTH: &str = "/_matrix/federation/v1/event_auth/";
const BACKFILL: &str = "/_matrix/federation/v1/backfill/";

/// A text of lists in lists.
fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// What a request for a single event is answered with.
fn single(event: &Value) -> Value {
    json!({"origin": "elsewhere.example", "origin_server_ts": 1, "pdus": [event]})
}

/// A message of bob's that follows another event.
async fn after(shared: &Shared, event_id: &str, depth: u64, text: &str) -> (String, Value) {
    let (_, mut event) = shared.peer.message(&shared.server, &shared.room, &shared.bob, text).await;
    event["prev_events"] = json!([event_id]);
    event["depth"] = json!(depth);
    event.as_object_mut().unwrap().remove("signatures");
    shared.peer.event(event)
}

#[tokio::test]
async fn flawed_events_do_not_come_in_between() {
    let shared = Shared::start().await;
    for flaw in Flaw::ALL {
        let (_, model) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "between").await;
        let depth = model["depth"].as_u64().unwrap();
        let (bad_id, bad) = flaw.spoil(&shared.peer, &model);
        let (last_id, last) = after(&shared, &bad_id, depth + 1, "last").await;
        shared.peer.answer_text(MISSING, text_of(&json!({"events": [bad]})));
        shared.peer.answer_text(EVENT, text_of(&single(&bad)));
        let answer = shared.peer.send(&shared.server, &format!("{flaw:?}"), &[last]).await.ok();
        shared.alice.event(&shared.room, &bad_id).await.refused(404, "M_NOT_FOUND");
        let is_taken = answer["pdus"][&last_id]["error"].is_null();
        assert_eq!(is_taken, flaw.is_against_the_rules(), "{flaw:?}: {answer}");
        let shown = shared.alice.event(&shared.room, &last_id).await;
        assert_eq!(shown.status == 200, is_taken, "{flaw:?}: {}", shown.body);
    }
    let rejected = Flaw::ALL.into_iter().filter(|flaw| flaw.is_against_the_rules()).count();
    assert_eq!(shared.alice.texts(&shared.room).await, vec!["last"; rejected]);
    goes_on(&shared).await;
}

#[tokio::test]
async fn what_was_changed_on_the_way_in_between_is_shown_without_its_content() {
    let shared = Shared::start().await;
    let (between_id, mut between) =
        shared.peer.message(&shared.server, &shared.room, &shared.bob, "between").await;
    let depth = between["depth"].as_u64().unwrap();
    between["content"]["body"] = json!("changed on the way");
    let (last_id, last) = after(&shared, &between_id, depth + 1, "last").await;
    shared.peer.answer(MISSING, move |_| (200, json!({"events": [between]})));
    shared.peer.send(&shared.server, "t", &[last]).await.ok();
    shared.alice.sees(&shared.room, &last_id).await;
    assert_eq!(shared.alice.sees(&shared.room, &between_id).await["content"], json!({}));
    goes_on(&shared).await;
}

/// Bob joins again, under another name: an entry of the state that he may change.
async fn renamed(shared: &Shared, name: &str) -> (String, Value) {
    let content = json!({"membership": "join", "displayname": name});
    let key = Some(shared.bob.as_str());
    shared.peer.draft(&shared.server, &shared.room, &shared.bob, "m.room.member", key, content).await
}

/// Sends an event behind one that nobody has, and has the state there be alice's but for an entry. It is given as one
/// of few that are missing, which are asked for one by one, or as one of many, which are not.
async fn claims_a_state(shared: &Shared, name: &str, entry_id: &str, entry: &Value, among_many: bool) {
    let (peer, room) = (&shared.peer, &shared.room);
    let (_, model) = peer.message(&shared.server, room, &shared.bob, "model").await;
    let depth = model["depth"].as_u64().unwrap();
    let (between_id, between) = after(shared, &format!("$nobody-has-{name}"), depth, "between").await;
    let (_, last) = after(shared, &between_id, depth + 1, name).await;
    let mut ids: Vec<String> = shared.alice.room_state(room).await.into_values().collect();
    ids.push(entry_id.to_owned());
    if among_many {
        ids.extend((0..60).map(|number| format!("$nobody-has-{name}-{number}")));
    }
    peer.answer(MISSING, |_| (200, json!({"events": []})));
    peer.answer(STATE_IDS, move |_| (200, json!({"pdu_ids": ids, "auth_chain_ids": []})));
    peer.answer_text(STATE, text_of(&json!({"pdus": [entry], "auth_chain": []})));
    let (wanted, entry, between) = (entry_id.to_owned(), text_of(&single(entry)), text_of(&single(&between)));
    peer.answer_with(EVENT, move |request| {
        let body = if request.path.ends_with(&wanted) { &entry } else { &between };
        let status = if request.path.contains("nobody") { 404 } else { 200 };
        let headers = vec![("content-type", "application/json".to_owned())];
        Sent { status, headers, body: body.clone().into_bytes() }
    });
    peer.send(&shared.server, name, &[last]).await.ok();
}

/// Somebody of the peer's joins: an entry of the state that was not there before.
async fn newcomer(shared: &Shared, name: &str) -> (String, Value) {
    let user = encode(&shared.peer.user(&name.to_lowercase()));
    let path = format!("/_matrix/federation/v1/make_join/{}/{user}?ver=12", shared.room_part());
    let mut event = shared.get(&path).await.ok()["event"].take();
    event["origin_server_ts"] = json!(now_ms());
    shared.peer.event(event)
}

#[tokio::test]
async fn flawed_entries_of_a_state_are_left_out() {
    let mut shared = Shared::start().await;
    for among_many in [false, true] {
        for flaw in Flaw::ALL {
            let name = format!("{flaw:?}-{among_many}");
            // A room has only so many edges.
            shared.room = shared.alice.create_room(json!({"preset": "public_chat"})).await;
            shared.peer.join(&shared.server, &shared.room, &shared.bob).await;
            let before = shared.alice.room_state(&shared.room).await;
            let (_, model) = newcomer(&shared, &name).await;
            let (bad_id, bad) = flaw.spoil(&shared.peer, &model);
            claims_a_state(&shared, &name, &bad_id, &bad, among_many).await;
            shared.alice.event(&shared.room, &bad_id).await.refused(404, "M_NOT_FOUND");
            assert_eq!(shared.alice.room_state(&shared.room).await, before, "{name}");
        }
        // Without a flaw it is another matter.
        let name = format!("good-{among_many}");
        let (good_id, good) = newcomer(&shared, &name).await;
        claims_a_state(&shared, &name, &good_id, &good, among_many).await;
        shared.state_event("m.room.member", &shared.peer.user(&name)).await;
    }
    goes_on(&shared).await;
}

#[tokio::test]
async fn what_is_flawed_authorises_nothing() {
    let shared = Shared::start().await;
    let (peer, server, room) = (&shared.peer, &shared.server, &shared.room);
    let own = shared.alice.room_state(room).await[&("m.room.member".to_owned(), shared.bob.clone())].clone();
    let say = async |name: &str, authority_id: &str, authority: &Value| {
        let (_, model) = peer.message(server, room, &shared.bob, name).await;
        let (event_id, event) = authorised_by(peer, model, &own, authority_id);
        peer.answer_text(EVENT_AUTH, text_of(&json!({"auth_chain": [authority]})));
        peer.answer_text(EVENT, text_of(&single(authority)));
        peer.send(server, name, &[event]).await.ok();
        shared.alice.event(room, &event_id).await
    };
    for flaw in Flaw::ALL {
        let name = format!("{flaw:?}");
        let (_, model) = renamed(&shared, &name).await;
        let (bad_id, bad) = flaw.spoil(peer, &model);
        say(&name, &bad_id, &bad).await.refused(404, "M_NOT_FOUND");
    }
    let (good_id, good) = renamed(&shared, "Bob").await;
    say("good", &good_id, &good).await.ok();
    goes_on(&shared).await;
}

#[tokio::test]
async fn another_event_than_the_one_asked_for_is_no_answer() {
    let shared = Shared::start().await;
    let (other_id, other) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "other").await;
    let depth = other["depth"].as_u64().unwrap();
    let (last_id, last) =
        after(&shared, "$nobody-has-this-event-that-is-asked-for-here", depth + 1, "last").await;
    let one = single(&other);
    shared.peer.answer(MISSING, |_| (200, json!({"events": []})));
    shared.peer.answer(EVENT, move |_| (200, one.clone()));
    let answer = shared.peer.send(&shared.server, "t", &[last]).await.ok();
    assert!(answer["pdus"][&last_id]["error"].is_string(), "{answer}");
    shared.alice.event(&shared.room, &other_id).await.refused(404, "M_NOT_FOUND");
    goes_on(&shared).await;
}

#[tokio::test]
async fn answers_without_form_and_without_end_are_borne() {
    let shared = Shared::start().await;
    let deep = nested(5_000);
    let many: Vec<String> = (0..20_000).map(|number| format!("$nobody-has-this-{number}")).collect();
    let odd = [
        "{}".to_owned(),
        "[]".to_owned(),
        "{\"events\": [".to_owned(),
        json!({"events": 5, "pdus": 5, "pdu_ids": 5, "auth_chain_ids": 5}).to_string(),
        json!({"events": [5, null, {}], "pdus": [[]], "pdu_ids": ["x", 7], "auth_chain_ids": [{}]})
            .to_string(),
        format!(r#"{{"events":[{deep}],"pdus":[{deep}],"pdu_ids":[{deep}],"auth_chain_ids":[]}}"#),
        json!({"events": [], "pdus": [], "pdu_ids": many, "auth_chain_ids": many}).to_string(),
    ];
    for (number, odd) in odd.into_iter().enumerate() {
        let (_, model) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "model").await;
        let depth = model["depth"].as_u64().unwrap();
        let (between_id, between) = after(&shared, &format!("$nobody-has-{number}"), depth, "between").await;
        let (last_id, last) = after(&shared, &between_id, depth + 1, "last").await;
        for path in [MISSING, STATE_IDS, STATE, EVENT_AUTH] {
            shared.peer.answer_text(path, odd.clone());
        }
        let one = single(&between);
        shared.peer.answer(EVENT, move |request| {
            if request.path.contains("nobody") { (404, json!({})) } else { (200, one.clone()) }
        });
        let before = shared.peer.received("/_matrix/federation/").len();
        shared.peer.send(&shared.server, &format!("odd {number}"), &[last]).await.ok();
        let asked = shared.peer.received("/_matrix/federation/").len() - before;
        assert!(asked <= 1_000, "{asked} requests for one event");
        let state = shared.alice.room_state(&shared.room).await;
        assert!(state.contains_key(&("m.room.create".to_owned(), String::new())), "{last_id}: {state:?}");
    }
    goes_on(&shared).await;
}

#[tokio::test]
async fn a_state_that_somebody_claims_gives_nobody_power() {
    let shared = Shared::start().await;
    let (peer, server, room) = (&shared.peer, &shared.server, &shared.room);
    let before = shared.alice.room_state(room).await;
    // Bob claims that before his message he had all power, that alice was gone, and that the room was his.
    let levels = json!({"users": {&shared.bob: 100}});
    let (_, levels) = peer.draft(server, room, &shared.bob, "m.room.power_levels", Some(""), levels).await;
    let ban = json!({"membership": "ban"});
    let (_, ban) = peer.draft(server, room, &shared.bob, "m.room.member", Some(&shared.alice.id), ban).await;
    let (_, topic) =
        peer.draft(server, room, &shared.bob, "m.room.topic", Some(""), json!({"topic": "x"})).await;
    // One that claims to be allowed by the power he claims to have.
    let known_levels = &before[&("m.room.power_levels".to_owned(), String::new())];
    let (_, name) =
        peer.draft(server, room, &shared.bob, "m.room.name", Some(""), json!({"name": "x"})).await;
    let (_, name) = authorised_by(peer, name, known_levels, &crate::harness::event_id(&levels));
    let claimed = [levels, ban, topic, name];
    let (_, model) = peer.message(server, room, &shared.bob, "model").await;
    let depth = model["depth"].as_u64().unwrap();
    let (between_id, between) = after(&shared, "$nobody-has-what-came-before", depth, "between").await;
    let (last_id, last) = after(&shared, &between_id, depth + 1, "last").await;
    let mut ids: Vec<String> = before.values().cloned().collect();
    let claimed_ids: Vec<String> = claimed.iter().map(crate::harness::event_id).collect();
    ids.retain(|event_id| {
        let replaced = [
            &before[&("m.room.power_levels".to_owned(), String::new())],
            &before[&("m.room.member".to_owned(), shared.alice.id.clone())],
        ];
        !replaced.contains(&event_id)
    });
    ids.extend(claimed_ids.iter().cloned());
    peer.answer(MISSING, |_| (200, json!({"events": []})));
    peer.answer(STATE_IDS, move |_| (200, json!({"pdu_ids": ids, "auth_chain_ids": []})));
    let by_id: Vec<(String, Value)> =
        claimed_ids.iter().cloned().zip(claimed.clone()).chain([(between_id.clone(), between)]).collect();
    peer.answer(EVENT, move |request| {
        let found = by_id.iter().find(|(event_id, _)| request.path.ends_with(event_id));
        found.map_or((404, json!({"errcode": "M_NOT_FOUND"})), |(_, event)| (200, single(event)))
    });
    peer.send(server, "claim", &[last]).await.ok();
    for event_id in &claimed_ids {
        shared.alice.event(room, event_id).await.refused(404, "M_NOT_FOUND");
    }
    assert_eq!(shared.alice.room_state(room).await, before, "{last_id}");
    shared.alice.set_state(room, "m.room.topic", "", json!({"topic": "alice's"})).await.ok();
    goes_on(&shared).await;
}

#[tokio::test]
async fn flawed_history_is_not_shown() {
    let scene = Scene::start().await;
    let (peer, alice) = (&scene.peer, &scene.alice);
    for (number, flaw) in Flaw::ALL.into_iter().enumerate() {
        let mut room = Hosted::new(peer, &format!("room{number}"));
        let text = |body: &str| json!({"msgtype": "m.text", "body": body});
        let (good_id, good) = room.draft(peer, "m.room.message", None, text("good"));
        let model = room.draft(peer, "m.room.message", None, text("bad")).1;
        let (bad_id, bad) = flaw.spoil(peer, &model);
        room.newest = vec![good_id.clone(), bad_id.clone()];
        room.lets_in(peer, alice, &room.events());
        let state: Vec<String> = room.state.iter().map(|(event_id, _)| event_id.clone()).collect();
        peer.answer(STATE_IDS, move |_| (200, json!({"pdu_ids": state, "auth_chain_ids": state})));
        let mut history = vec![bad.clone(), good];
        history.extend(room.events().into_iter().rev());
        let history = json!({"origin": peer.name, "origin_server_ts": 1, "pdus": history});
        peer.answer_text(BACKFILL, text_of(&history));
        peer.answer_text(EVENT, text_of(&single(&bad)));
        scene.join(&room).await.ok();
        assert_eq!(alice.texts(&room.id).await, ["good"], "{flaw:?}");
        alice.event(&room.id, &bad_id).await.refused(404, "M_NOT_FOUND");
        scene.is_in(&room).await;
    }
}

#[tokio::test]
async fn whoever_says_much_is_not_heard_to_the_end() {
    let scene = Scene::start().await;
    let (peer, alice) = (&scene.peer, &scene.alice);
    let mut room = Hosted::new(peer, "room");
    let (event_id, event) =
        room.draft(peer, "m.room.message", None, json!({"msgtype": "m.text", "body": "one"}));
    room.newest = vec![event_id];
    room.lets_in(peer, alice, &room.events());
    // The same over and over, and what nobody asked for.
    let unasked = room.draft(peer, "m.room.message", None, json!({"msgtype": "m.text", "body": "unasked"})).1;
    let many: Vec<Value> =
        (0..3_000).map(|number| if number % 2 == 0 { &event } else { &unasked }.clone()).collect();
    let history = json!({"origin": peer.name, "origin_server_ts": 1, "pdus": many});
    peer.answer(BACKFILL, move |_| (200, history.clone()));
    scene.join(&room).await.ok();
    eventually("the history of the room", async || {
        let texts = alice.texts(&room.id).await;
        if texts == ["one"] { Ok(()) } else { Err(format!("{texts:?}")) }
    })
    .await;
    scene.is_in(&room).await;
}
