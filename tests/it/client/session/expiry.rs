//! What ends by itself. One test for all of it, because it has to wait: the shortest lifetime of an access token is a
//! minute.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{login, pair, refresh, with_password};
use crate::harness::{SHARED_SECRET, Server};

#[tokio::test]
async fn tokens_end_after_their_time() {
    let more = "[accounts]\naccess_token_lifetime_seconds = 60\nlogin_token_lifetime_seconds = 10\n";
    let server = Server::start_with(more).await;
    let start = Instant::now();
    let alice = server.register("alice").await;
    let mut body = with_password("alice", "alice-password");
    body["refresh_token"] = true.into();
    let answer = login(&server, body).await.ok();
    assert_eq!(answer["expires_in_ms"], 60_000);
    let (access, renewal) = pair(&answer);
    let login_token = login_token(&alice).await;
    let nonce = server.anonymous("GET", "/_synapse/admin/v1/register", None).await.ok()["nonce"].take();

    tokio::time::sleep(Duration::from_secs(11)).await;
    login(&server, json!({"type": "m.login.token", "token": login_token})).await.refused(403, "M_FORBIDDEN");
    assert!(start.elapsed() < Duration::from_secs(55), "this machine is too slow for the rest");
    who(&server, &access).await.ok();

    tokio::time::sleep(Duration::from_secs(61).saturating_sub(start.elapsed()) + Duration::from_secs(2))
        .await;
    let ended = who(&server, &access).await.refused(401, "M_UNKNOWN_TOKEN");
    // The client keeps its keys and renews the token.
    assert_eq!(ended["soft_logout"], true);
    let (access, _) = pair(&refresh(&server, &renewal).await.ok());
    who(&server, &access).await.ok();
    let wish = json!({"nonce": nonce, "username": "late", "password": "late-password"});
    server.register_with_secret(&wish, SHARED_SECRET).await.refused(400, "M_UNKNOWN");
    // Sessions that cannot be renewed do not end.
    alice.is_logged_in().await;
}

async fn login_token(user: &crate::harness::User) -> Value {
    let path = "/_matrix/client/v1/login/get_token";
    let answer = user.call_with_password("POST", path, json!({})).await.ok();
    assert_eq!(answer["expires_in_ms"], 10_000);
    answer["login_token"].clone()
}

async fn who(server: &Server, token: &str) -> crate::harness::Answer {
    server.with_token(token, "GET", "/_matrix/client/v3/account/whoami", None).await
}
