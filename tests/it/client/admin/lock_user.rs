//! `PUT /_matrix/client/v1/admin/lock/{userId}`

use serde_json::{Value, json};

use super::put;
use crate::harness::{Answer, Server, two_in_a_room};

#[track_caller]
fn locked_out(answer: Answer) {
    let body: Value = answer.refused(401, "M_USER_LOCKED");
    assert_eq!(body["soft_logout"], true, "the client is to keep its keys: {body}");
}

#[tokio::test]
async fn a_locked_account_can_do_nothing_but_log_out() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let admin = server.register_admin("admin").await;
    let phone = bob.log_in_again(&server, "PHONE").await;
    put(&admin, "lock", &bob, json!({"locked": true})).await;
    for path in ["/account/whoami", "/sync?timeout=0", "/devices", "/capabilities", "/pushrules/"] {
        locked_out(bob.get(path).await);
    }
    locked_out(bob.post("/createRoom", json!({})).await);
    locked_out(bob.send_event(&room, "m.room.message", json!({"msgtype": "m.text", "body": "x"})).await);
    locked_out(server.log_in("bob", "bob-password").await);
    // Whoever does not know the password does not learn it.
    server.log_in("bob", "wrong").await.refused(403, "M_FORBIDDEN");
    phone.post("/logout", json!({})).await.ok();
    server.refuses_token(&phone.token).await;
    // Others see nothing of it.
    alice.say(&room, "where is bob?").await;
    put(&admin, "lock", &bob, json!({"locked": false})).await;
    bob.is_logged_in().await;
    bob.say(&room, "back again").await;
    server.log_in("bob", "bob-password").await.ok();
    server.refuses_token(&phone.token).await;
}

#[tokio::test]
async fn a_locked_user_may_log_out_everywhere() {
    let server = Server::start().await;
    let (admin, bob) = (server.register_admin("admin").await, server.register("bob").await);
    let phone = bob.log_in_again(&server, "PHONE").await;
    put(&admin, "lock", &bob, json!({"locked": true})).await;
    let server = server.crash_and_restart().await;
    let bob = bob.on(&server);
    locked_out(bob.get("/account/whoami").await);
    bob.post("/logout/all", json!({})).await.ok();
    server.refuses_token(&bob.token).await;
    server.refuses_token(&phone.token).await;
}
