//! Users of this server, as administrators see them.

mod allow_replacing_keys;
mod check_username;
mod deactivate_user;
mod delete_media;
mod delete_rate_limit;
mod find_user_by_threepid;
mod get_account_data;
mod get_admin;
mod get_rate_limit;
mod get_redaction;
mod get_user;
mod list_joined_rooms;
mod list_media;
mod list_memberships;
mod list_pushers;
mod list_users;
mod list_users_v3;
mod login_as_user;
mod put_user;
mod quarantine_media;
mod redact_user;
mod reset_password;
mod set_admin;
mod set_rate_limit;
mod suspend_user;
mod whois;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, User, encode};

fn path(user: &str, what: &str) -> String {
    format!("/_synapse/admin/v1/users/{}/{what}", encode(user))
}

/// The newer path of a user.
fn v2(user: &str) -> String {
    format!("/_synapse/admin/v2/users/{}", encode(user))
}

/// Checks who is refused, and for which users.
async fn only_administrators(method: &str, what: &str, body: &Value) {
    only_administrators_at(method, |user| path(user, what), body).await;
}

/// The same, for any path of a user.
async fn only_administrators_at(method: &str, path: impl Fn(&str) -> String, body: &Value) {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    for target in [alice.id.as_str(), admin.id.as_str(), "@nobody:localhost", "@alice:elsewhere.example"] {
        // Whether there is such a user is not told to just anybody.
        alice.call(method, &path(target), Some(body.clone())).await.refused(403, "M_FORBIDDEN");
        let stranger = server.anonymous(method, &path(target), Some(body.clone())).await;
        stranger.refused(401, "M_MISSING_TOKEN");
    }
    let by_admin = async |target: &str| admin.call(method, &path(target), Some(body.clone())).await;
    by_admin("@nobody:localhost").await.refused(404, "M_NOT_FOUND");
    by_admin("@alice:elsewhere.example").await.refused(400, "M_UNKNOWN");
    by_admin("alice").await.refused(400, "M_INVALID_PARAM");
    by_admin(&alice.id).await.ok();
    // Who is none any more may not.
    let (done, output) = server.command(&["user", "set-admin", "admin", "--revoke"]);
    assert!(done, "{output}");
    by_admin(&alice.id).await.refused(403, "M_FORBIDDEN");
}

/// A server on which two messages come through and no third, an administrator, and a user in a room.
async fn two_messages() -> (Server, User, User, String) {
    let more = "[rate_limits]\nmessage = { per_second = 0.001, burst = 2 }\n";
    let server = Server::start_with(more).await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let room = alice.create_room(json!({})).await;
    (server, admin, alice, room)
}

async fn try_to_say(user: &User, room: &str) -> Answer {
    user.send_event(room, "m.room.message", json!({"msgtype": "m.text", "body": "hello"})).await
}
