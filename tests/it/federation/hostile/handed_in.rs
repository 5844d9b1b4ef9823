//! Joins, knocks and departures that are handed in with something wrong about them.

use serde_json::{Value, json};

use super::{
    authorised_by,
    flaws::{Flaw, put},
};
use crate::{
    federation::shared::Shared,
    harness::{Answer, encode, now_ms},
};

async fn drafted(shared: &Shared, verb: &str, user: &str) -> Value {
    let versions = "ver=11&ver=12";
    let path = format!("/_matrix/federation/v1/{verb}/{}/{}?{versions}", shared.room_part(), encode(user));
    let mut event = shared.get(&path).await.ok()["event"].take();
    event["origin_server_ts"] = json!(now_ms());
    event
}

async fn hand_in(shared: &Shared, verb: &str, event_id: &str, event: &Value) -> Answer {
    let version = if verb == "send_knock" { "v1" } else { "v2" };
    let path = format!("/_matrix/federation/{version}/{verb}/{}/{}", shared.room_part(), encode(event_id));
    put(&shared.peer, &shared.server, &path, event).await
}

/// Hands in an event with each flaw, and checks that each is refused and changes nothing.
async fn refuses_flaws(shared: &Shared, verb: &str, model: &Value) {
    let before = shared.alice.room_state(&shared.room).await;
    for flaw in Flaw::ALL {
        let (event_id, event) = flaw.spoil(&shared.peer, model);
        flaw.is_refused(&hand_in(shared, verb, &event_id, &event).await);
        shared.alice.event(&shared.room, &event_id).await.refused(404, "M_NOT_FOUND");
    }
    // Changed on the way.
    let (event_id, mut changed) = shared.peer.event(model.clone());
    changed["content"]["reason"] = json!("changed on the way");
    hand_in(shared, verb, &event_id, &changed).await.refused(403, "M_FORBIDDEN");
    shared.alice.event(&shared.room, &event_id).await.refused(404, "M_NOT_FOUND");
    // Authorised by what was rejected.
    let levels = json!({"users": {&shared.bob: 100}});
    let (rejected_id, rejected) = shared
        .peer
        .draft(&shared.server, &shared.room, &shared.bob, "m.room.power_levels", Some(""), levels)
        .await;
    shared.peer.send(&shared.server, "rejected", &[rejected]).await.ok();
    let good = &before[&("m.room.power_levels".to_owned(), String::new())];
    let (event_id, event) = authorised_by(&shared.peer, model.clone(), good, &rejected_id);
    hand_in(shared, verb, &event_id, &event).await.refused(403, "M_FORBIDDEN");
    shared.alice.event(&shared.room, &event_id).await.refused(404, "M_NOT_FOUND");
    assert_eq!(shared.alice.room_state(&shared.room).await, before);
    shared.alice.say(&shared.room, "the room is well").await;
}

#[tokio::test]
async fn flawed_joins_are_refused() {
    let shared = Shared::start().await;
    let user = shared.peer.user("newcomer");
    let event = drafted(&shared, "make_join", &user).await;
    refuses_flaws(&shared, "send_join", &event).await;
    shared.peer.join(&shared.server, &shared.room, &user).await;
}

#[tokio::test]
async fn flawed_departures_are_refused() {
    let shared = Shared::start().await;
    let event = drafted(&shared, "make_leave", &shared.bob).await;
    refuses_flaws(&shared, "send_leave", &event).await;
    assert_eq!(shared.state_event("m.room.member", &shared.bob).await["content"]["membership"], "join");
}

#[tokio::test]
async fn flawed_knocks_are_refused() {
    let shared = Shared::start().await;
    let rule = json!({"join_rule": "knock"});
    shared.alice.set_state(&shared.room, "m.room.join_rules", "", rule).await.ok();
    let event = drafted(&shared, "make_knock", &shared.peer.user("newcomer")).await;
    refuses_flaws(&shared, "send_knock", &event).await;
}

#[tokio::test]
async fn odd_exchanges_are_refused() {
    let shared = Shared::start().await;
    let path = format!("/_matrix/federation/v1/exchange_third_party_invite/{}", shared.room_part());
    let good = json!({
        "type": "m.room.member", "room_id": shared.room, "sender": shared.alice.id, "state_key": shared.bob,
        "content": {"membership": "invite", "third_party_invite": {
            "display_name": "b", "signed": {"mxid": shared.bob, "token": "t", "signatures": {}},
        }},
    });
    let mut odd = vec![json!({}), json!([]), json!("x"), good.clone()];
    for field in ["type", "room_id", "sender", "state_key", "content"] {
        for value in [json!(null), json!(5), json!([]), json!({}), json!("x"), json!("@a:b")] {
            let mut event = good.clone();
            event[field] = value;
            odd.push(event);
        }
    }
    let before = shared.alice.room_state(&shared.room).await;
    for event in odd {
        let answer = shared.peer.ask(&shared.server, "PUT", &path, Some(event.clone())).await;
        answer.is_sound();
        assert!(answer.status >= 400, "{event} was taken");
    }
    assert_eq!(shared.alice.room_state(&shared.room).await, before);
}
