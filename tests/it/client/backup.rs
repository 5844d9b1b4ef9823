//! Backups of room keys.

mod add_backup_keys;
mod add_backup_keys_for_room;
mod add_backup_keys_for_session;
mod create_backup_version;
mod delete_backup_keys;
mod delete_backup_keys_for_room;
mod delete_backup_keys_for_session;
mod delete_backup_version;
mod get_backup_info;
mod get_backup_keys;
mod get_backup_keys_for_room;
mod get_backup_keys_for_session;
mod get_latest_backup_info;
mod update_backup_version;

use serde_json::{Value, json};

use crate::harness::{Server, User};

const ALGORITHM: &str = "m.megolm_backup.v1.curve25519-aes-sha2";
const ROOM: &str = "/room_keys/keys/%21room%3Alocalhost";
const OTHER_ROOM: &str = "/room_keys/keys/%21other%3Alocalhost";

/// What a client says about a backup.
fn backup(public_key: &str) -> Value {
    json!({"algorithm": ALGORITHM, "auth_data": {"public_key": public_key, "signatures": {}}})
}

/// The key of a session.
fn session(verified: bool, first: u64, forwarded: u64) -> Value {
    let data =
        json!({"ephemeral": "AA", "ciphertext": format!("{verified} {first} {forwarded}"), "mac": "AA"});
    json!({"is_verified": verified, "first_message_index": first, "forwarded_count": forwarded, "session_data": data})
}

/// A server and a user with an empty backup, whose version is 1.
async fn with_backup() -> (Server, User) {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let made = alice.post("/room_keys/version", backup("AA")).await.ok();
    assert_eq!(made, json!({"version": "1"}));
    (server, alice)
}

/// The same, with two sessions in one room and one in another.
async fn with_sessions() -> (Server, User) {
    let (server, alice) = with_backup().await;
    let rooms = json!({"rooms": {
        "!room:localhost": {"sessions": {"s1": session(true, 0, 0), "s2": session(true, 1, 0)}},
        "!other:localhost": {"sessions": {"s3": session(false, 2, 0)}},
    }});
    let state = alice.put("/room_keys/keys?version=1", rooms).await.ok();
    assert_eq!(state["count"], 3);
    (server, alice)
}

/// Checks that a path wants a token, and finds nothing of another user's.
async fn is_private(server: &Server, method: &str, path: &str, body: Option<Value>, refusal: (u16, &str)) {
    let full = format!("/_matrix/client/v3{path}");
    server.anonymous(method, &full, body.clone()).await.refused(401, "M_MISSING_TOKEN");
    let mallory = server.register("mallory").await;
    mallory.call(method, path, body).await.refused(refusal.0, refusal.1);
}

const NOT_FOUND: (u16, &str) = (404, "M_NOT_FOUND");
