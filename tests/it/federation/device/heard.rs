//! `m.device_list_update` and `m.signing_key_update` of other servers, and asking them for the whole list where one was
//! missed.

use serde_json::{Value, json};

use crate::{
    federation::shared::Shared,
    harness::{Key, Peer, User, eventually},
};

const QUERY: &str = "/_matrix/federation/v1/user/keys/query";
const DEVICES: &str = "/_matrix/federation/v1/user/devices/";

/// Bob's devices, as his server tells them from now on.
fn publish(peer: &Peer, bob: &str, stream_id: u64, keys: &[(&str, Value)]) {
    let by_id: serde_json::Map<String, Value> =
        keys.iter().map(|(id, keys)| ((*id).to_owned(), keys.clone())).collect();
    let answer = json!({"device_keys": {bob: by_id}});
    peer.answer(QUERY, move |_| (200, answer.clone()));
    let list: Vec<Value> = keys.iter().map(|(id, keys)| json!({"device_id": id, "keys": keys})).collect();
    let answer = json!({"user_id": bob, "stream_id": stream_id, "devices": list});
    peer.answer(DEVICES, move |_| (200, answer.clone()));
}

async fn tell(shared: &Shared, transaction: &str, kind: &str, content: Value) {
    let edus = json!({"edus": [{"edu_type": kind, "content": content}]});
    shared.peer.send_with(&shared.server, transaction, edus).await.ok();
}

async fn devices_of(viewer: &User, user: &str) -> Vec<String> {
    let seen = viewer.keys_of(user).await;
    seen["device_keys"][user].as_object().map(|devices| devices.keys().cloned().collect()).unwrap_or_default()
}

async fn has_changed(viewer: &User, since: &str, user: &str) -> String {
    let changed = |answer: &Value| {
        let changed = answer["device_lists"]["changed"].as_array()?;
        changed.contains(&json!(user)).then_some(())
    };
    viewer.sync_until(Some(since), changed).await.1
}

#[tokio::test]
async fn updates_are_followed_and_a_gap_leads_to_the_whole_list() {
    let shared = Shared::start().await;
    let (peer, alice, bob) = (&shared.peer, &shared.alice, &shared.bob);
    let keys = |id: &str, seed: u8| Key::of(bob, id, seed).device_keys();
    publish(peer, bob, 10, &[("ONE", keys("ONE", 1))]);
    assert_eq!(devices_of(alice, bob).await, ["ONE"]);
    assert_eq!(devices_of(alice, bob).await, ["ONE"]);
    assert_eq!(peer.received(QUERY).len(), 1, "the second time it is known");

    // The first update refers to what this server has never heard of.
    let since = alice.now().await;
    publish(peer, bob, 12, &[("ONE", keys("ONE", 1)), ("TWO", keys("TWO", 2))]);
    // So that what is fresh again is the whole list and not the answer to a question in between.
    peer.answer(QUERY, |_| (403, json!({"errcode": "M_FORBIDDEN", "error": "The test says no"})));
    let update =
        json!({"user_id": bob, "device_id": "TWO", "stream_id": 12, "prev_id": [11], "keys": keys("TWO", 2)});
    tell(&shared, "1", "m.device_list_update", update).await;
    let mut since = has_changed(alice, &since, bob).await;
    eventually("the whole list", async || {
        let seen = alice.keys_of(bob).await;
        let devices = seen["device_keys"][bob].as_object().map_or(0, serde_json::Map::len);
        if devices == 2 && seen["failures"] == json!({}) { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
    assert_eq!(peer.received(DEVICES).len(), 1);
    let (queries, lists) = (peer.received(QUERY).len(), peer.received(DEVICES).len());

    // The next ones follow, so nobody is asked.
    let changes = [
        (
            json!({"device_id": "THREE", "stream_id": 13, "prev_id": [12], "keys": keys("THREE", 3)}),
            "ONE TWO THREE",
        ),
        (json!({"device_id": "ONE", "stream_id": 14, "prev_id": [13], "deleted": true}), "TWO THREE"),
        // Told twice.
        (json!({"device_id": "ONE", "stream_id": 14, "prev_id": [13], "keys": keys("ONE", 1)}), "TWO THREE"),
        // The keys of another device make no sense.
        (
            json!({"device_id": "FOUR", "stream_id": 15, "prev_id": [14], "keys": keys("FIVE", 5)}),
            "TWO THREE",
        ),
    ];
    for (number, (mut update, expected)) in changes.into_iter().enumerate() {
        update["user_id"] = json!(bob);
        tell(&shared, &format!("follows {number}"), "m.device_list_update", update).await;
        since = has_changed(alice, &since, bob).await;
        let mut expected: Vec<&str> = expected.split(' ').collect();
        expected.sort_unstable();
        assert_eq!(devices_of(alice, bob).await, expected);
    }
    assert_eq!((peer.received(QUERY).len(), peer.received(DEVICES).len()), (queries, lists));
}

#[tokio::test]
async fn a_list_that_cannot_be_fetched_is_told_as_it_was() {
    let shared = Shared::start().await;
    let (peer, alice, bob) = (&shared.peer, &shared.alice, &shared.bob);
    publish(peer, bob, 10, &[("ONE", Key::of(bob, "ONE", 1).device_keys())]);
    assert_eq!(devices_of(alice, bob).await, ["ONE"]);
    for path in [QUERY, DEVICES] {
        peer.answer(path, |_| (500, json!({"errcode": "M_UNKNOWN", "error": "The test says no"})));
    }
    let update = json!({"user_id": bob, "device_id": "TWO", "stream_id": 12, "prev_id": [11]});
    tell(&shared, "1", "m.device_list_update", update).await;
    let seen = alice.keys_of(bob).await;
    assert!(seen["device_keys"][bob]["ONE"].is_object(), "{seen}");
    assert!(seen["failures"][&peer.name].is_object(), "{seen}");
}

#[tokio::test]
async fn signing_keys_come_under_both_names() {
    let shared = Shared::start().await;
    let (peer, alice, bob) = (&shared.peer, &shared.alice, &shared.bob);
    publish(peer, bob, 10, &[]);
    let since = alice.now().await;
    alice.keys_of(bob).await;
    let mut since = since;
    for (seed, name) in [(20, "m.signing_key_update"), (30, "org.matrix.signing_key_update")] {
        let (master, own) = (Key::of_user_id(bob, seed), Key::of_user_id(bob, seed + 1));
        let update = json!({
            "user_id": bob,
            "master_key": master.cross_signing("master"),
            "self_signing_key": master.sign(own.cross_signing("self_signing")),
        });
        tell(&shared, name, name, update.clone()).await;
        since = has_changed(alice, &since, bob).await;
        let seen = alice.keys_of(bob).await;
        assert_eq!(seen["master_keys"][bob], update["master_key"], "{name}");
        assert_eq!(seen["self_signing_keys"][bob], update["self_signing_key"], "{name}");
    }
}

#[tokio::test]
async fn nobody_speaks_for_other_servers_users() {
    let shared = Shared::start().await;
    let (peer, alice) = (&shared.peer, &shared.alice);
    let key = alice.publish_device(1).await;
    let since = alice.now().await;
    let forged = Key::of_user(alice, 40).cross_signing("master");
    let update = json!({"user_id": alice.id, "device_id": alice.device, "stream_id": 1, "prev_id": [], "deleted": true});
    tell(&shared, "1", "m.device_list_update", update).await;
    tell(&shared, "2", "m.signing_key_update", json!({"user_id": alice.id, "master_key": forged})).await;
    for (number, content) in
        [json!(7), json!({}), json!({"user_id": shared.bob, "stream_id": "x"})].into_iter().enumerate()
    {
        tell(&shared, &format!("bad {number}"), "m.device_list_update", content).await;
    }
    let seen = alice.keys_of(&alice.id).await;
    assert_eq!(seen["device_keys"][&alice.id][&alice.device]["keys"], key.device_keys()["keys"]);
    assert!(seen["master_keys"].is_null(), "{seen}");
    assert!(alice.sync(Some(&since)).await["device_lists"].is_null());
    drop(peer.received(DEVICES));
}
