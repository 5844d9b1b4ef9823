//! Ephemeral units: nobody types, reads, is present or changes devices in the name of another server's user.

use serde_json::{Value, json};

use crate::{
    federation::shared::Shared,
    harness::{User, ephemeral, presence_of, receipt_of},
};

async fn send(shared: &Shared, transaction: &str, kind: &str, content: Value) {
    let edus = json!([{"edu_type": kind, "content": content}]);
    shared.peer.send_with(&shared.server, transaction, json!({"edus": edus})).await.ok();
}

/// A witness in the room, and where their sync stands.
async fn witness(shared: &Shared) -> (User, String) {
    let witness = shared.server.register("witness").await;
    witness.join(&shared.room).await.ok();
    let since = witness.now().await;
    (witness, since)
}

/// Waits until the peer's own user is seen typing; whatever was sent before has had its chance. Answers every sync
/// until then.
async fn after_that(shared: &Shared, witness: &User, since: &str) -> Vec<Value> {
    let content = json!({"room_id": shared.room, "user_id": shared.bob, "typing": true});
    send(shared, "the last", "m.typing", content).await;
    let mut seen = Vec::new();
    witness
        .sync_until(Some(since), |answer| {
            seen.push(answer.clone());
            let users = &ephemeral(answer, &shared.room, "m.typing")?["user_ids"];
            users.as_array()?.contains(&json!(shared.bob)).then_some(())
        })
        .await;
    seen
}

#[tokio::test]
async fn nobody_types_for_others() {
    let shared = Shared::start().await;
    let (witness, since) = witness(&shared).await;
    for (number, user) in
        [shared.alice.id.clone(), shared.stranger.user("carol"), shared.peer.user("outsider")]
            .iter()
            .enumerate()
    {
        let content = json!({"room_id": shared.room, "user_id": user, "typing": true});
        send(&shared, &format!("t{number}"), "m.typing", content).await;
    }
    for answer in after_that(&shared, &witness, &since).await {
        if let Some(typing) = ephemeral(&answer, &shared.room, "m.typing") {
            let users = typing["user_ids"].as_array().unwrap();
            assert!(users.iter().all(|user| *user == json!(shared.bob)), "{users:?}");
        }
    }
}

#[tokio::test]
async fn nobody_reads_for_others() {
    let shared = Shared::start().await;
    let event = shared.alice.say(&shared.room, "read this").await;
    let (witness, since) = witness(&shared).await;
    let users = [shared.alice.id.clone(), shared.stranger.user("carol"), shared.peer.user("outsider")];
    for (number, user) in users.iter().enumerate() {
        let receipt = json!({user: {"data": {"ts": 1}, "event_ids": [event]}});
        send(&shared, &format!("t{number}"), "m.receipt", json!({&shared.room: {"m.read": receipt}})).await;
    }
    for answer in after_that(&shared, &witness, &since).await {
        for user in &users {
            assert_eq!(receipt_of(&answer, &shared.room, "m.read", user), None);
        }
    }
}

#[tokio::test]
async fn nobody_is_present_for_others() {
    let shared = Shared::start().await;
    let (witness, since) = witness(&shared).await;
    let users = [shared.alice.id.clone(), shared.stranger.user("carol")];
    for (number, user) in users.iter().enumerate() {
        let push = json!([{"user_id": user, "presence": "unavailable", "last_active_ago": 1, "status_msg": "forged"}]);
        send(&shared, &format!("t{number}"), "m.presence", json!({"push": push})).await;
    }
    for answer in after_that(&shared, &witness, &since).await {
        for user in &users {
            let status = presence_of(&answer, user).map(|content| content["status_msg"].clone());
            assert_ne!(status, Some(json!("forged")));
        }
    }
}

#[tokio::test]
async fn nobody_sends_to_devices_for_others() {
    let shared = Shared::start().await;
    let (witness, since) = witness(&shared).await;
    for (number, sender) in [shared.alice.id.clone(), shared.stranger.user("carol")].iter().enumerate() {
        let content = json!({
            "sender": sender, "type": "m.room_key", "message_id": format!("{number}"),
            "messages": {&witness.id: {"*": {"forged": true}}},
        });
        send(&shared, &format!("t{number}"), "m.direct_to_device", content).await;
    }
    for answer in after_that(&shared, &witness, &since).await {
        let events = answer["to_device"]["events"].as_array();
        assert!(events.is_none_or(Vec::is_empty), "{answer}");
    }
}

#[tokio::test]
async fn nobody_changes_the_devices_of_others() {
    let shared = Shared::start().await;
    let (witness, since) = witness(&shared).await;
    let users = [shared.alice.id.clone(), shared.stranger.user("carol")];
    for (number, user) in users.iter().enumerate() {
        let list =
            json!({"user_id": user, "device_id": "NEW", "stream_id": 9, "prev_id": [], "deleted": false});
        send(&shared, &format!("l{number}"), "m.device_list_update", list).await;
        let keys = json!({"user_id": user, "master_key": {"user_id": user, "usage": ["master"], "keys": {}}});
        send(&shared, &format!("k{number}"), "m.signing_key_update", keys).await;
    }
    for answer in after_that(&shared, &witness, &since).await {
        let changed = answer["device_lists"]["changed"].as_array();
        let forged = changed.into_iter().flatten().find(|user| users.iter().any(|forged| *user == forged));
        assert_eq!(forged, None);
    }
}

#[tokio::test]
async fn an_odd_unit_costs_only_itself() {
    let shared = Shared::start().await;
    let (witness, since) = witness(&shared).await;
    let kinds = [
        "m.typing",
        "m.receipt",
        "m.presence",
        "m.device_list_update",
        "m.direct_to_device",
        "m.signing_key_update",
        "org.example.unknown",
    ];
    let odd =
        [json!({}), json!([]), json!(null), json!({"user_id": 5, "room_id": []}), json!({"push": [{}, 7]})];
    for kind in kinds {
        let edus: Vec<Value> =
            odd.iter().map(|content| json!({"edu_type": kind, "content": content})).collect();
        shared.peer.send_with(&shared.server, kind, json!({"edus": edus})).await.ok();
    }
    after_that(&shared, &witness, &since).await;
}
