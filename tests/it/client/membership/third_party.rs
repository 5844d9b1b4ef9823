//! Joining with what an identity server signed: the room's invite to an address becomes the user's own.
//! <https://spec.matrix.org/v1.19/client-server-api/#third-party-invites>

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use super::two_and_a_stranger;
use crate::harness::{Answer, User, encode, list};

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
