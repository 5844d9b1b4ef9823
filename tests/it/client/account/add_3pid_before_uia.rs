//! `POST /_matrix/client/v3/account/3pid`

use serde_json::json;

use super::{open_link, wish_for_mail};
use crate::harness::{Mailbox, Server};

const PATH: &str = "/account/3pid";

#[tokio::test]
async fn the_old_way_still_adds_an_address() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    let alice = server.register("alice").await;
    let ask = "/account/3pid/email/requestToken";
    let sid = alice.post(ask, wish_for_mail("alice@example.org", "secret", 1)).await.ok()["sid"].take();
    let body =
        json!({"three_pid_creds": {"sid": sid, "client_secret": "secret", "id_server": "id.example.org"}});
    // A stolen access token alone does not lead to a new password.
    alice.post(PATH, body.clone()).await.challenged(&[&["m.login.password"]]);
    let unopened = alice.call_with_password("POST", PATH, body.clone()).await;
    unopened.refused(400, "M_THREEPID_AUTH_FAILED");
    open_link(&server, &mailbox.letter(0).await.link()).await;
    alice.call_with_password("POST", PATH, body.clone()).await.ok();
    assert_eq!(alice.get(PATH).await.ok()["threepids"][0]["address"], "alice@example.org");
    alice.post(PATH, json!({})).await.refused(400, "M_MISSING_PARAM");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(body)).await.refused(401, "M_MISSING_TOKEN");
}
