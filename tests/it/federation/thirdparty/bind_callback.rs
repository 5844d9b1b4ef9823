//! `PUT /_matrix/federation/v1/3pid/onbind`

use serde_json::{Value, json};

use super::{identity_server, proof, room_with_invited_address};
use crate::harness::{encode, start_federating};

const PATH: &str = "/_matrix/federation/v1/3pid/onbind";

fn bound(room: &str, sender: &str, owner: &str, signed: Value) -> Value {
    let invite = json!({
        "medium": "email", "address": "bob@example.org", "mxid": owner, "room_id": room, "sender": sender, "signed": signed,
    });
    json!({"medium": "email", "address": "bob@example.org", "mxid": owner, "invites": [invite]})
}

#[tokio::test]
async fn invites_to_an_address_become_the_owners() {
    let server = start_federating("127.0.0.2", "").await;
    let (alice, bob, eve) =
        tokio::join!(server.register("alice"), server.register("bob"), server.register("eve"));
    let room = room_with_invited_address(&alice).await;
    let key = identity_server();
    // A proof that is somebody else's brings nobody in, and harms nobody.
    let stolen = bound(&room, &alice.id, &eve.id, proof(&key, &bob.id));
    server.anonymous("PUT", PATH, Some(stolen)).await.ok();
    let forged =
        bound(&room, &alice.id, &eve.id, proof(&ed25519_dalek::SigningKey::from_bytes(&[8; 32]), &eve.id));
    server.anonymous("PUT", PATH, Some(forged)).await.ok();
    let path = |user: &str| format!("/rooms/{}/state/m.room.member/{}", encode(&room), encode(user));
    alice.get(&path(&eve.id)).await.refused(404, "M_NOT_FOUND");
    let body = bound(&room, &alice.id, &bob.id, proof(&key, &bob.id));
    server.anonymous("PUT", PATH, Some(body)).await.ok();
    assert_eq!(alice.get(&path(&bob.id)).await.ok()["membership"], "invite");
}

#[tokio::test]
async fn nonsense_is_refused() {
    let server = start_federating("127.0.0.2", "").await;
    server.anonymous("PUT", PATH, Some(json!({"invites": 7}))).await.refused(400, "M_BAD_JSON");
    server.anonymous("PUT", PATH, Some(json!({}))).await.refused(400, "M_BAD_JSON");
}
