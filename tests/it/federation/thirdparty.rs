//! Invites to addresses whose owner turns out to be a user of another server.

mod bind_callback;
mod exchange_invite;

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use crate::harness::User;

fn identity_server() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// A room with an invite to an address.
async fn room_with_invited_address(user: &User) -> String {
    let room = user.create_room(json!({"preset": "private_chat"})).await;
    let public_key = BASE64_STANDARD_NO_PAD.encode(identity_server().verifying_key().to_bytes());
    let url = "https://id.example/_matrix/identity/v2/pubkey/isvalid";
    let content = json!({
        "display_name": "b...@e...", "public_key": public_key, "key_validity_url": url,
        "public_keys": [{"public_key": public_key, "key_validity_url": url}],
    });
    user.set_state(&room, "m.room.third_party_invite", "token", content).await.ok();
    room
}

/// What the identity server says: the address that was invited with the token belongs to `mxid`.
fn proof(key: &SigningKey, mxid: &str) -> Value {
    let text = format!(r#"{{"mxid":"{mxid}","token":"token"}}"#);
    let signature = BASE64_STANDARD_NO_PAD.encode(key.sign(text.as_bytes()).to_bytes());
    json!({"mxid": mxid, "token": "token", "signatures": {"id.example": {"ed25519:0": signature}}})
}
