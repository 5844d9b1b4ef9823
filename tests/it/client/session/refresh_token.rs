//! `POST /_matrix/client/v3/refresh`

use serde_json::json;

use super::{login, pair, refresh, with_password};
use crate::harness::Server;

async fn first_pair(server: &Server) -> (String, String) {
    let mut body = with_password("alice", "alice-password");
    body["refresh_token"] = true.into();
    body["device_id"] = "PHONE".into();
    pair(&login(server, body).await.ok())
}

async fn is_alive(server: &Server, token: &str) {
    let answer = server.with_token(token, "GET", "/_matrix/client/v3/account/whoami", None).await.ok();
    assert_eq!((&answer["user_id"], &answer["device_id"]), (&json!("@alice:localhost"), &json!("PHONE")));
}

#[tokio::test]
async fn the_old_pair_lives_until_the_new_one_is_used() {
    let server = Server::start().await;
    server.register("alice").await;
    let (first, renewal) = first_pair(&server).await;
    let answer = refresh(&server, &renewal).await.ok();
    assert_eq!(answer["expires_in_ms"], 3_600_000);
    let (lost, _) = pair(&answer);
    // The answer did not arrive: the client goes on with what it has, and asks again.
    is_alive(&server, &first).await;
    let (second, next) = pair(&refresh(&server, &renewal).await.ok());
    assert!(second != lost && second != first && next != renewal);
    // It arrived this time. Using it ends what was before, the pair that got lost included.
    is_alive(&server, &second).await;
    for dead in [&first, &lost] {
        server.refuses_token(dead).await;
    }
    refresh(&server, &renewal).await.refused(401, "M_UNKNOWN_TOKEN");
    is_alive(&server, &second).await;
    let (third, _) = pair(&refresh(&server, &next).await.ok());
    is_alive(&server, &third).await;
    server.refuses_token(&second).await;
}

#[tokio::test]
async fn renewing_again_counts_as_use() {
    let server = Server::start().await;
    server.register("alice").await;
    let (first, renewal) = first_pair(&server).await;
    let (second, next) = pair(&refresh(&server, &renewal).await.ok());
    let (third, _) = pair(&refresh(&server, &next).await.ok());
    server.refuses_token(&first).await;
    refresh(&server, &renewal).await.refused(401, "M_UNKNOWN_TOKEN");
    is_alive(&server, &second).await;
    is_alive(&server, &third).await;
    server.refuses_token(&second).await;
}

#[tokio::test]
async fn rotation_survives_a_crash() {
    let server = Server::start().await;
    server.register("alice").await;
    let (first, renewal) = first_pair(&server).await;
    let (second, _) = pair(&refresh(&server, &renewal).await.ok());
    let server = server.crash_and_restart().await;
    is_alive(&server, &first).await;
    is_alive(&server, &second).await;
    server.refuses_token(&first).await;
    refresh(&server, &renewal).await.refused(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for token in ["", "made up", &alice.token] {
        refresh(&server, token).await.refused(401, "M_UNKNOWN_TOKEN");
    }
    let path = "/_matrix/client/v3/refresh";
    server.anonymous("POST", path, Some(json!({}))).await.refused(400, "M_BAD_JSON");
    server.send_text("POST", path, None, "{").await.refused(400, "M_NOT_JSON");
    // Logging in again on the device ends the renewing of the session before.
    let (_, renewal) = first_pair(&server).await;
    first_pair(&server).await;
    refresh(&server, &renewal).await.refused(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test]
async fn locked_and_closed_accounts_renew_nothing() {
    let server = Server::start().await;
    let admin = server.register_admin("admin").await;
    let alice = server.register("alice").await;
    let (_, renewal) = first_pair(&server).await;
    let lock = "/_matrix/client/v1/admin/lock/%40alice%3Alocalhost";
    admin.put(lock, json!({"locked": true})).await.ok();
    let locked = refresh(&server, &renewal).await.refused(401, "M_USER_LOCKED");
    assert_eq!(locked["soft_logout"], true);
    admin.put(lock, json!({"locked": false})).await.ok();
    let (access, renewal) = pair(&refresh(&server, &renewal).await.ok());
    is_alive(&server, &access).await;
    alice.call_with_password("POST", "/account/deactivate", json!({})).await.ok();
    refresh(&server, &renewal).await.refused(401, "M_UNKNOWN_TOKEN");
}
