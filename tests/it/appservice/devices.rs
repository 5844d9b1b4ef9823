//! For bridges that encrypt: messages to their users' devices, whose devices changed, how many keys are left.
//! <https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/3202-encrypted-appservices.md>

use serde_json::{Value, json};

use crate::harness::{Bridge, Key, Service, User};

const ENCRYPTED: &str = "receive_ephemeral: true\norg.matrix.msc3202: true";

/// A user of the service with a device, and a session on it.
async fn ghost_with_device(bridge: &Bridge, name: &str) -> User {
    let ghost = bridge.register(name).await;
    bridge.call_as(&ghost, "PUT", "/devices/GHOST", Some(json!({"display_name": "Bridge"}))).await;
    let login = json!({
        "type": "m.login.application_service",
        "identifier": {"type": "m.id.user", "user": ghost},
        "device_id": "GHOST",
    });
    User::from_login(&bridge.server, &bridge.call("POST", "/login", Some(login)).await.ok())
}

async fn send_to(from: &User, to: &str, device: &str, transaction: &str) {
    let body = json!({"messages": {to: {device: {"hello": transaction}}}});
    from.put(&format!("/sendToDevice/m.test/{transaction}"), body).await.ok();
}

fn to_device(answer: &Value) -> usize {
    answer["to_device"]["events"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn messages_to_devices_go_to_the_service_and_nowhere_else() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, ENCRYPTED).await;
    let alice = bridge.server.register("alice").await;
    let ghost = ghost_with_device(&bridge, "_irc_bob").await;
    // A name that others share keeps its messages, for whoever syncs.
    let shared = ghost_with_device(&bridge, "shared_carol").await;
    service.go_away();
    send_to(&alice, &ghost.id, "GHOST", "one").await;
    service.refuses_something().await;
    send_to(&alice, &shared.id, "*", "two").await;
    let bridge = bridge.again(crate::harness::Server::crash_and_restart).await;
    let (alice, ghost, shared) =
        (alice.on(&bridge.server), ghost.on(&bridge.server), shared.on(&bridge.server));
    service.come_back();
    send_to(&alice, &alice.id, "*", "own").await;
    send_to(&alice, &ghost.id, "GHOST", "three").await;
    service.is_told("to_device", "the last", |message| message["content"]["hello"] == "three").await;
    let told = service.told("to_device");
    let first = json!({
        "type": "m.test", "sender": alice.id, "content": {"hello": "one"},
        "to_user_id": ghost.id, "to_device_id": "GHOST",
    });
    assert_eq!(told[0], first);
    let words: Vec<_> = told.iter().map(|message| message["content"]["hello"].as_str().unwrap()).collect();
    assert_eq!(words, ["one", "two", "three"]);
    assert_eq!(service.told("de.sorunome.msc2409.to_device"), told);
    // What the service has is not given to anybody again.
    let marker = alice.create_room(json!({"preset": "public_chat"})).await;
    bridge.join_as("@ircbot:localhost", &marker).await;
    let said = alice.say(&marker, "all is told").await;
    service.hears(&said).await;
    assert_eq!(to_device(&ghost.sync(None).await), 0);
    assert_eq!(to_device(&shared.sync(None).await), 1);
}

#[tokio::test]
async fn a_service_hears_whose_devices_changed_and_how_many_keys_are_left() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, ENCRYPTED).await;
    let (alice, eve) = (bridge.server.register("alice").await, bridge.server.register("eve").await);
    let ghost = ghost_with_device(&bridge, "_irc_bob").await;
    let key = Key::of_device(&ghost, &ghost.device, 3);
    let upload = json!({
        "device_keys": key.device_keys(),
        "one_time_keys": {"signed_curve25519:A": key.session_key("a"), "signed_curve25519:B": key.session_key("b")},
        "fallback_keys": {"signed_curve25519:F": key.session_key("f")},
    });
    // As bridges do it: with their own token, and the device named.
    let path = format!("/keys/upload?org.matrix.msc3202.device_id={}", ghost.device);
    bridge.call_as(&ghost.id, "POST", &path, Some(upload)).await.ok();
    let room = alice
        .create_room(json!({"preset": "public_chat", "initial_state": [{
            "type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"},
        }]}))
        .await;
    bridge.join_as(&ghost.id, &room).await;
    let lists = |name: &str| {
        let taken = service.taken();
        let lists = taken.iter().filter_map(|transaction| {
            transaction.body["org.matrix.msc3202.device_lists"][name].as_array().cloned()
        });
        lists.flatten().map(|user| user.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let marker = alice.say(&room, "welcome").await;
    service.hears(&marker).await;
    assert!(lists("changed").contains(&alice.id), "{:?}", lists("changed"));
    let taken = service.taken();
    let last = &taken.last().unwrap().body;
    let counts = &last["org.matrix.msc3202.device_one_time_keys_count"][&ghost.id]["GHOST"];
    assert_eq!(counts["signed_curve25519"], 2, "{last}");
    let unused = &last["org.matrix.msc3202.device_unused_fallback_key_types"][&ghost.id]["GHOST"];
    assert_eq!(*unused, json!(["signed_curve25519"]));

    // Only of those it shares a room with.
    let before = lists("changed").len();
    eve.publish_device(9).await;
    alice.publish_device(7).await;
    let marker = alice.say(&room, "that is me").await;
    service.hears(&marker).await;
    let changed = lists("changed").split_off(before);
    assert!(changed.contains(&alice.id) && !changed.contains(&eve.id), "{changed:?}");
    // Who comes, and who goes.
    eve.join(&room).await.ok();
    eve.leave(&room).await.ok();
    let marker = alice.say(&room, "who was that?").await;
    service.hears(&marker).await;
    assert!(lists("left").contains(&eve.id), "{:?}", lists("left"));
}

#[tokio::test]
async fn a_service_that_does_not_encrypt_leaves_the_messages_where_they_are() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "").await;
    let alice = bridge.server.register("alice").await;
    let ghost = ghost_with_device(&bridge, "_irc_bob").await;
    send_to(&alice, &ghost.id, "GHOST", "one").await;
    let room = bridge.bridged_room(&alice, &ghost.id).await;
    let marker = alice.say(&room, "did it come?").await;
    service.hears(&marker).await;
    assert_eq!(service.told("to_device"), Vec::<Value>::new());
    assert_eq!(to_device(&ghost.sync(None).await), 1);
}
