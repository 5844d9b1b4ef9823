//! Encryption between people on different servers: finding each other's devices, claiming keys, messages to devices,
//! and hearing of every change while there is a room together.

use serde_json::{Value, json};

use super::{Pair, public};
use crate::harness::{Key, User, encode, eventually};

const SLIDING: &str = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";
const ALGORITHM: &str = "signed_curve25519";

fn encrypted() -> Value {
    let content = json!({"algorithm": "m.megolm.v1.aes-sha2"});
    json!({"initial_state": [{"type": "m.room.encryption", "state_key": "", "content": content}]})
}

/// Waits until a user's `device_lists` name another one as changed or left; answers where to go on.
async fn hears(user: &User, since: &str, list: &str, other: &User) -> String {
    let names = |answer: &Value| {
        let names = answer["device_lists"][list].as_array()?;
        names.contains(&json!(other.id)).then_some(())
    };
    user.sync_until(Some(since), names).await.1
}

/// Waits until a user sees just these devices of another, and answers their keys.
async fn sees_devices(user: &User, other: &User, wanted: &[&str]) -> Value {
    eventually(&format!("{} sees {wanted:?} of {}", user.id, other.id), async || {
        let seen = user.keys_of(&other.id).await["device_keys"][&other.id].take();
        let found: Vec<&String> = seen.as_object().into_iter().flat_map(|devices| devices.keys()).collect();
        if found == wanted { Ok(seen) } else { Err(seen.to_string()) }
    })
    .await
}

async fn send(user: &User, transaction: &str, to: &User, content: Value) {
    let body = json!({"messages": {&to.id: {&to.device: content}}});
    user.put(&format!("/sendToDevice/m.test/{transaction}"), body).await.ok();
}

/// Waits until a device has got this many messages, and answers their contents.
async fn receives(user: &User, since: Option<&str>, count: usize) -> Vec<Value> {
    let mut got = Vec::new();
    user.sync_until(since, |answer| {
        let events = answer["to_device"]["events"].as_array();
        got.extend(events.into_iter().flatten().cloned());
        (got.len() >= count).then_some(())
    })
    .await;
    got
}

#[tokio::test]
async fn keys_are_found_and_claimed_whether_or_not_there_is_a_room() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let key = alice.publish_device(1).await;
    let (signing, own) = alice.publish_cross_signing(10).await;
    alice
        .post("/keys/signatures/upload", json!({&alice.id: {&alice.device: own.sign(key.device_keys())}}))
        .await
        .ok();
    alice.publish_session_keys(&key, &["a", "b", "c"]).await;
    let wish = json!({"one_time_keys": {&alice.id: {&alice.device: ALGORITHM}}});
    for texts in [["a"].as_slice(), &["b", "c"]] {
        let seen = bob.keys_of(&alice.id).await;
        assert_eq!(seen["failures"], json!({}), "{seen}");
        let device = &seen["device_keys"][&alice.id][&alice.device];
        assert_eq!(device["signatures"], own.sign(key.device_keys())["signatures"]);
        assert_eq!(seen["master_keys"][&alice.id]["keys"], signing["master_key"]["keys"]);
        assert_eq!(seen["self_signing_keys"][&alice.id]["keys"], signing["self_signing_key"]["keys"]);
        assert!(seen["user_signing_keys"].is_null(), "{seen}");
        for text in texts {
            let claimed = bob.post("/keys/claim", wish.clone()).await.ok();
            let given = &claimed["one_time_keys"][&alice.id][&alice.device][format!("{ALGORITHM}:{text}")];
            assert_eq!(*given, key.session_key(text), "{claimed}");
        }
        pair.room("12").await;
    }
    let claimed = bob.post("/keys/claim", wish).await.ok();
    assert_eq!(
        claimed,
        json!({"failures": {}, "one_time_keys": {}}),
        "no key is left, and nobody has failed"
    );
    // What Bob vouches for is his alone to see.
    let (_, _) = bob.publish_cross_signing(20).await;
    let vouched = Key::of_user(bob, 22).sign(signing["master_key"].clone());
    let public = Key::of_user(alice, 10).public();
    let failures = bob.post("/keys/signatures/upload", json!({&alice.id: {public: vouched}})).await.ok();
    assert_eq!(failures["failures"], json!({}));
    let signed_by_bob = |seen: &Value| seen["master_keys"][&alice.id]["signatures"][&bob.id].is_object();
    assert!(signed_by_bob(&bob.keys_of(&alice.id).await));
    assert!(!signed_by_bob(&alice.keys_of(&alice.id).await));
}

#[tokio::test]
async fn a_server_that_is_down_is_named_and_what_is_known_is_told() {
    let pair = Pair::start().await;
    pair.room_with("12", encrypted()).await;
    let key = pair.alice.publish_device(1).await;
    sees_devices(&pair.bob, &pair.alice, &[&pair.alice.device]).await;
    let Pair { servers: [mut first, _second], alice, bob } = pair;
    first.terminate().await;
    let carol = format!("@carol:{}", first.name);
    let body = json!({"device_keys": {&alice.id: [], &carol: [], &bob.id: []}, "timeout": 5_000});
    let seen = bob.post("/keys/query", body).await.ok();
    assert_eq!(seen["device_keys"][&alice.id][&alice.device]["keys"], key.device_keys()["keys"]);
    assert!(seen["device_keys"][&bob.id].is_object() && seen["device_keys"][&carol].is_null(), "{seen}");
    assert!(seen["failures"][&first.name].is_object(), "{seen}");
    let wish = json!({"one_time_keys": {&alice.id: {&alice.device: ALGORITHM}}, "timeout": 5_000});
    let claimed = bob.post("/keys/claim", wish).await.ok();
    assert!(claimed["failures"][&first.name].is_object(), "{claimed}");
}

#[tokio::test]
async fn messages_to_devices_arrive_once_and_in_order_also_at_a_server_that_was_away() {
    let pair = Pair::start().await;
    let Pair { servers: [mut first, mut second], alice, bob } = pair;
    for (from, to) in [(&alice, &bob), (&bob, &alice)] {
        let since = to.now().await;
        send(from, "hello", to, json!({"text": "hello"})).await;
        // The same request again is not another message.
        send(from, "hello", to, json!({"text": "hello"})).await;
        send(from, "bye", to, json!({"text": "bye"})).await;
        let got = receives(to, Some(&since), 2).await;
        let expected = ["hello", "bye"]
            .map(|text| json!({"sender": from.id, "type": "m.test", "content": {"text": text}}));
        assert_eq!(got, expected);
    }
    let since = bob.now().await;
    second.terminate().await;
    for number in 0..120 {
        send(&alice, &format!("away {number}"), &bob, json!({"number": number})).await;
    }
    // What was promised survives the crash of whoever promised it.
    first.crash();
    let (_first, second) = tokio::join!(first.run_again(), second.run_again());
    let bob = bob.on(&second);
    let got = receives(&bob, Some(&since), 120).await;
    let numbers: Vec<u64> = got.iter().map(|event| event["content"]["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..120).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_change_of_devices_is_heard_and_seen() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    for more in [encrypted(), json!({})] {
        // What was remembered before there was a room is not relied on.
        let room = pair.room_with("12", more).await;
        let key = alice.publish_device(1).await;
        sees_devices(bob, alice, &[&alice.device]).await;
        let since = bob.now().await;
        let tablet = alice.log_in_again(&pair.servers[0], "TABLET").await;
        tablet.publish_device(2).await;
        let since = hears(bob, &since, "changed", alice).await;
        sees_devices(bob, alice, &[&alice.device, "TABLET"]).await;
        alice.put("/devices/TABLET", json!({"display_name": "Anna's tablet"})).await.ok();
        let since = hears(bob, &since, "changed", alice).await;
        let seen = sees_devices(bob, alice, &[&alice.device, "TABLET"]).await;
        assert!(!seen.to_string().contains("Anna's tablet"), "names are private: {seen}");
        alice.call_with_password("DELETE", "/devices/TABLET", json!({})).await.ok();
        hears(bob, &since, "changed", alice).await;
        let seen = sees_devices(bob, alice, &[&alice.device]).await;
        assert_eq!(seen[&alice.device]["keys"], key.device_keys()["keys"]);
        bob.leave(&room).await.ok();
        alice.sees_membership(&room, bob, "leave").await;
    }
}

#[tokio::test]
async fn what_changed_while_a_server_was_away_is_heard_afterwards() {
    let pair = Pair::start().await;
    pair.room_with("12", encrypted()).await;
    let key = pair.alice.publish_device(1).await;
    sees_devices(&pair.bob, &pair.alice, &[&pair.alice.device]).await;
    let since = pair.bob.now().await;
    let Pair { servers: [first, mut second], alice, bob } = pair;
    second.terminate().await;
    for (seed, name) in [(2, "TABLET"), (3, "WATCH")] {
        alice.log_in_again(&first, name).await.publish_device(seed).await;
    }
    alice.call_with_password("DELETE", "/devices/TABLET", json!({})).await.ok();
    let (signing, own) = alice.publish_cross_signing(10).await;
    let signed = own.sign(key.device_keys());
    alice.post("/keys/signatures/upload", json!({&alice.id: {&alice.device: signed}})).await.ok();
    let second = second.run_again().await;
    let bob = bob.on(&second);
    hears(&bob, &since, "changed", &alice).await;
    sees_devices(&bob, &alice, &[&alice.device, "WATCH"]).await;
    eventually("cross-signing keys and the signature by them", async || {
        let seen = bob.keys_of(&alice.id).await;
        let device = &seen["device_keys"][&alice.id][&alice.device];
        let same = seen["master_keys"][&alice.id]["keys"] == signing["master_key"]["keys"]
            && device["signatures"] == signed["signatures"];
        if same { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn who_comes_is_changed_and_who_goes_from_the_last_room_is_left() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    alice.publish_device(1).await;
    bob.publish_device(2).await;
    for (more, name) in [(encrypted(), "LATER"), (json!({}), "EVEN LATER")] {
        let rooms = [
            alice.create_room(public("12", more.clone())).await,
            alice.create_room(public("12", more)).await,
        ];
        let mut since = [alice.now().await, bob.now().await];
        let mut sliding = [sliding(alice, None).await, sliding(bob, None).await];
        for room in &rooms {
            bob.join_via(room, &pair.servers[0].name).await.ok();
            alice.sees_membership(room, bob, "join").await;
        }
        for (index, (user, other)) in [(alice, bob), (bob, alice)].into_iter().enumerate() {
            since[index] = hears(user, &since[index], "changed", other).await;
            sliding[index] = hears_sliding(user, &sliding[index], "changed", other).await;
            sees_devices(user, other, &[&other.device]).await;
        }
        // One room is left together.
        bob.leave(&rooms[0]).await.ok();
        alice.sees_membership(&rooms[0], bob, "leave").await;
        for (index, (user, other)) in [(alice, bob), (bob, alice)].into_iter().enumerate() {
            let answer = user.sync(Some(&since[index])).await;
            assert!(!answer["device_lists"]["left"].to_string().contains(&other.id), "{answer}");
            since[index] = answer["next_batch"].as_str().unwrap().to_owned();
        }
        bob.leave(&rooms[1]).await.ok();
        for (index, (user, other)) in [(alice, bob), (bob, alice)].into_iter().enumerate() {
            since[index] = hears(user, &since[index], "left", other).await;
            sliding[index] = hears_sliding(user, &sliding[index], "left", other).await;
        }
        // Nobody is told any more; who asks is told the truth.
        let later = alice.log_in_again(&pair.servers[0], name).await;
        later.publish_device(5).await;
        let mut expected = vec![alice.device.as_str(), name];
        expected.sort_unstable();
        sees_devices(bob, alice, &expected).await;
        let answer = bob.sync(Some(&since[1])).await;
        assert!(!answer["device_lists"].to_string().contains(&alice.id), "{answer}");
        // Who comes back is asked for anew.
        bob.join_via(&rooms[0], &pair.servers[0].name).await.ok();
        hears(bob, &since[1], "changed", alice).await;
        sees_devices(bob, alice, &expected).await;
        bob.leave(&rooms[0]).await.ok();
        alice.sees_membership(&rooms[0], bob, "leave").await;
        alice.call_with_password("DELETE", &format!("/devices/{}", encode(name)), json!({})).await.ok();
    }
}

/// Asks by sliding sync for device lists alone; answers what came.
async fn sliding_answer(user: &User, pos: Option<&str>) -> Value {
    let query = pos.map_or_else(|| "timeout=0".to_owned(), |pos| format!("timeout=500&pos={}", encode(pos)));
    let body = json!({"conn_id": "encryption", "extensions": {"e2ee": {"enabled": true}}});
    user.post(&format!("{SLIDING}?{query}"), body).await.ok()
}

/// Where sliding sync goes on.
async fn sliding(user: &User, pos: Option<&str>) -> String {
    sliding_answer(user, pos).await["pos"].as_str().unwrap().to_owned()
}

async fn hears_sliding(user: &User, pos: &str, list: &str, other: &User) -> String {
    let mut pos = pos.to_owned();
    eventually(&format!("{} hears by sliding sync of {} as {list}", user.id, other.id), async || {
        let answer = sliding_answer(user, Some(&pos)).await;
        pos = answer["pos"].as_str().unwrap().to_owned();
        let names = &answer["extensions"]["e2ee"]["device_lists"][list];
        let found = names.as_array().is_some_and(|names| names.contains(&json!(other.id)));
        if found { Ok(pos.clone()) } else { Err(answer.to_string()) }
    })
    .await
}
