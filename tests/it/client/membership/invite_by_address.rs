//! `POST /_matrix/client/v3/rooms/{roomId}/invite` and `POST /_matrix/client/v3/createRoom`, by address

use serde_json::{Value, json};

use crate::harness::{Peer, Server, User, become_identity_server, encode, start_federating};

async fn world() -> (Peer, Server, User, User) {
    let identity = Peer::start("127.0.0.9").await;
    let server = start_federating("127.0.0.2", "").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    become_identity_server(&identity, &[("email", "bob@example.org", bob.id.as_str())]);
    (identity, server, alice, bob)
}

fn by_address(identity: &Peer, address: &str) -> Value {
    json!({"id_server": identity.name, "id_access_token": "token", "medium": "email", "address": address})
}

#[tokio::test]
async fn who_is_known_by_an_address_is_invited_like_anybody() {
    let (identity, _server, alice, bob) = world().await;
    let room = alice.create_room(json!({})).await;
    let path = format!("/rooms/{}/invite", encode(&room));
    alice.post(&path, by_address(&identity, "Bob@example.org")).await.ok();
    bob.join(&room).await.ok();
    let asked = identity.received("/_matrix/identity/v2/lookup").pop().unwrap();
    assert_eq!(asked.authorization.as_deref(), Some("Bearer token"));
    // The address itself is not told.
    assert!(!asked.body.to_string().contains("example.org"), "{}", asked.body);
    let invite = json!({"invite_3pid": [by_address(&identity, "bob@example.org")], "is_direct": true});
    let room = alice.create_room(invite).await;
    let invited = bob.sync(None).await["rooms"]["invite"][&room].clone();
    assert!(invited.to_string().contains("\"is_direct\":true"), "{invited}");
}

#[tokio::test]
async fn who_is_not_known_finds_the_invite_later() {
    let (identity, _server, alice, bob) = world().await;
    let room = alice.create_room(json!({"name": "The room", "preset": "private_chat"})).await;
    let path = format!("/rooms/{}/invite", encode(&room));
    alice.post(&path, by_address(&identity, "Carol@example.org")).await.ok();
    let asked = identity.received("/_matrix/identity/v2/store-invite").pop().unwrap().body;
    assert_eq!(asked["address"], "carol@example.org");
    assert_eq!((&asked["room_id"], &asked["sender"]), (&json!(room), &json!(alice.id)));
    assert_eq!((&asked["room_name"], &asked["room_join_rules"]), (&json!("The room"), &json!("invite")));
    let event = alice.state(&room, "m.room.third_party_invite", "the-token").await.ok();
    assert_eq!(event["display_name"], "a...@e...");
    assert_eq!(event["public_key"], "first");
    assert_eq!(event["public_keys"].as_array().unwrap().len(), 2);
    assert!(event["key_validity_url"].as_str().unwrap().ends_with("/pubkey/isvalid"));
    let made = alice.create_room(json!({"invite_3pid": [by_address(&identity, "carol@example.org")]})).await;
    alice.state(&made, "m.room.third_party_invite", "the-token").await.ok();
    // Whoever may not invite makes the identity server write to nobody.
    let before = identity.received("/_matrix/identity/v2/store-invite").len();
    bob.post(&path, by_address(&identity, "carol@example.org")).await.refused(403, "M_FORBIDDEN");
    assert_eq!(identity.received("/_matrix/identity/v2/store-invite").len(), before);
}

#[tokio::test]
async fn what_an_identity_server_does_wrong_is_not_this_servers_fault() {
    let (identity, _server, alice, _bob) = world().await;
    let room = alice.create_room(json!({})).await;
    let path = format!("/rooms/{}/invite", encode(&room));
    identity.answer("/_matrix/identity/v2/lookup", |_| (200, json!({"mappings": {"x": "no user"}})));
    alice.post(&path, by_address(&identity, "bob@example.org")).await.refused(502, "M_UNKNOWN");
    identity.answer("/_matrix/identity/v2/hash_details", |_| {
        (403, json!({"errcode": "M_TERMS_NOT_SIGNED", "error": "sign"}))
    });
    alice.post(&path, by_address(&identity, "bob@example.org")).await.refused(403, "M_TERMS_NOT_SIGNED");
    let mut wrong = by_address(&identity, "bob@example.org");
    wrong["id_server"] = json!("no server");
    alice.post(&path, wrong).await.refused(400, "M_INVALID_PARAM");
}
