//! Joining with what an identity server signed: the room's invite to an address becomes the user's own.
//! <https://spec.matrix.org/v1.19/client-server-api/#third-party-invites>

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::two_and_a_stranger;
use crate::harness::{Answer, Peer, User, encode, list, start_federating};

fn identity_server() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// The room's state about an invite to an address.
async fn invite_address(user: &User, room: &str, token: &str) {
    let public_key = STANDARD_NO_PAD.encode(identity_server().verifying_key().to_bytes());
    let url = "https://id.example/_matrix/identity/v2/pubkey/isvalid";
    let content = json!({
        "display_name": "c...@e...", "public_key": public_key, "key_validity_url": url,
        "public_keys": [{"public_key": public_key, "key_validity_url": url}],
    });
    user.set_state(room, "m.room.third_party_invite", token, content).await.ok();
}

/// What the identity server says: `mxid` owns the address that `sender` invited with `token`.
fn signed(key: &SigningKey, mxid: &User, sender: &User, token: &str) -> Value {
    let text = format!(r#"{{"mxid":"{}","sender":"{}","token":"{token}"}}"#, mxid.id, sender.id);
    let signature = STANDARD_NO_PAD.encode(key.sign(text.as_bytes()).to_bytes());
    let signatures = json!({"id.example": {"ed25519:0": signature}});
    json!({"mxid": mxid.id, "sender": sender.id, "token": token, "signatures": signatures})
}

async fn join(user: &User, room: &str, signed: Value) -> Answer {
    user.post(&format!("/rooms/{}/join", encode(room)), json!({"third_party_signed": signed})).await
}

#[tokio::test]
async fn the_owner_of_the_address_comes_in() {
    let (_server, [alice, _, carol], room) = two_and_a_stranger().await;
    invite_address(&alice, &room, "token").await;
    let proof = signed(&identity_server(), &carol, &alice, "token");
    join(&carol, &room, proof.clone()).await.ok();
    assert_eq!(alice.membership_of(&room, &carol).await, "join");
    let page = alice.messages(&room, "dir=b&limit=10").await;
    let invite =
        list(&page["chunk"]).iter().find(|event| event["content"]["membership"] == "invite").unwrap();
    assert_eq!((&invite["state_key"], &invite["sender"]), (&json!(carol.id), &json!(alice.id)));
    assert_eq!(invite["content"]["third_party_invite"]["signed"], proof);
    assert_eq!(invite["content"]["third_party_invite"]["display_name"], "c...@e...");
}

#[tokio::test]
async fn nobody_else_does() {
    let (server, [alice, bob, carol], room) = two_and_a_stranger().await;
    let eve = server.register("eve").await;
    invite_address(&alice, &room, "token").await;
    let key = identity_server();
    let of_carol = signed(&key, &carol, &alice, "token");
    join(&eve, &room, of_carol.clone()).await.refused(403, "M_FORBIDDEN");
    let mut stolen = of_carol.clone();
    stolen["mxid"] = json!(eve.id);
    join(&eve, &room, stolen).await.refused(403, "M_FORBIDDEN");
    let forged = signed(&SigningKey::from_bytes(&[8; 32]), &eve, &alice, "token");
    join(&eve, &room, forged).await.refused(403, "M_FORBIDDEN");
    join(&carol, &room, signed(&key, &carol, &alice, "other token")).await.refused(403, "M_FORBIDDEN");
    join(&carol, &room, signed(&key, &carol, &bob, "token")).await.refused(403, "M_FORBIDDEN");
    join(&carol, &room, json!({"mxid": carol.id})).await.refused(400, "M_BAD_JSON");
    // The invite may be taken back, and whoever is banned stays banned.
    alice.set_state(&room, "m.room.third_party_invite", "token", json!({})).await.ok();
    join(&carol, &room, of_carol.clone()).await.refused(403, "M_FORBIDDEN");
    invite_address(&alice, &room, "token").await;
    alice.ban(&room, &carol).await.ok();
    join(&carol, &room, of_carol).await.refused(403, "M_FORBIDDEN");
    assert_eq!(alice.membership_of(&room, &carol).await, "ban");
}

/// An identity server that knows whose `known@example.org` is.
async fn knowing(owner: &User) -> Peer {
    let identity = Peer::start("127.0.0.3").await;
    identity.answer("/_matrix/identity/v2/hash_details", |_| {
        (200, json!({"algorithms": ["none", "sha256"], "lookup_pepper": "pepper"}))
    });
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest("known@example.org email pepper"));
    let mappings = json!({hash: owner.id});
    identity.answer("/_matrix/identity/v2/lookup", move |received| {
        let asked = received.body["addresses"][0].as_str().unwrap();
        let found = mappings.get(asked).map(|owner| json!({asked: owner})).unwrap_or(json!({}));
        (200, json!({"mappings": found}))
    });
    let public_key = STANDARD_NO_PAD.encode(identity_server().verifying_key().to_bytes());
    let url = format!("https://{}/_matrix/identity/v2/pubkey/isvalid", identity.name);
    identity.answer("/_matrix/identity/v2/store-invite", move |_| {
        let keys = json!([{"public_key": public_key, "key_validity_url": url}]);
        (200, json!({"token": "token", "display_name": "s...@e...", "public_keys": keys}))
    });
    identity
}

fn by_address(identity: &Peer, address: &str) -> Value {
    json!({"id_server": identity.name, "id_access_token": "access", "medium": "email", "address": address})
}

#[tokio::test]
async fn somebody_is_invited_by_their_address() {
    let server = start_federating("127.0.0.2", "").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let carol = server.register("carol").await;
    let identity = knowing(&bob).await;
    let room = alice
        .create_room(json!({"name": "Tea", "invite_3pid": [by_address(&identity, "known@example.org")]}))
        .await;
    assert_eq!(alice.membership_of(&room, &bob).await, "invite");
    assert!(identity.received("/_matrix/identity/v2/store-invite").is_empty());
    // Nobody is known by this one yet.
    let path = format!("/rooms/{}/invite", encode(&room));
    alice.post(&path, by_address(&identity, "somebody@example.org")).await.ok();
    let letter = &identity.received("/_matrix/identity/v2/store-invite")[0];
    assert_eq!((&letter.body["room_name"], &letter.body["sender"]), (&json!("Tea"), &json!(alice.id)));
    assert_eq!(letter.authorization, "Bearer access");
    let told = alice.state(&room, "m.room.third_party_invite", "token").await.ok();
    assert_eq!(
        (&told["display_name"], &told["public_key"]),
        (&json!("s...@e..."), &told["public_keys"][0]["public_key"])
    );
    // Whoever turns out to have the address comes in with the identity server's word.
    join(&carol, &room, signed(&identity_server(), &carol, &alice, "token")).await.ok();
    assert_eq!(alice.membership_of(&room, &carol).await, "join");
}

#[tokio::test]
async fn nobody_is_written_to_in_vain() {
    let server = start_federating("127.0.0.2", "").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let identity = knowing(&bob).await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let path = format!("/rooms/{}/invite", encode(&room));
    let somebody = by_address(&identity, "somebody@example.org");
    bob.post(&path, somebody.clone()).await.refused(403, "M_FORBIDDEN");
    bob.join(&room).await.ok();
    alice.set_levels(&room, json!({"invite": 50})).await.ok();
    bob.post(&path, somebody.clone()).await.refused(403, "M_FORBIDDEN");
    assert!(identity.received("/_matrix/identity/v2/").is_empty());
    identity.answer("/_matrix/identity/v2/hash_details", |_| {
        (401, json!({"errcode": "M_UNAUTHORIZED", "error": "who are you?"}))
    });
    alice.post(&path, somebody).await.refused(502, "M_UNKNOWN");
    alice.state(&room, "m.room.third_party_invite", "token").await.refused(404, "M_NOT_FOUND");
}
