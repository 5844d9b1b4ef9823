//! `POST /_matrix/client/v3/account/3pid/add`

use serde_json::json;

use super::{add_address, open_link, wish_for_mail};
use crate::harness::{Mailbox, Server};

const PATH: &str = "/account/3pid/add";
const ASK: &str = "/account/3pid/email/requestToken";

#[tokio::test]
async fn an_address_is_added_and_taken_away() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    let alice = server.register("alice").await;
    let bob = server.register("bob").await;
    // Where it is not mentioned, addresses can be changed.
    let capabilities = alice.get("/capabilities").await.ok();
    assert_ne!(capabilities["capabilities"]["m.3pid_changes"]["enabled"], false, "{capabilities}");
    add_address(&server, &mailbox, &alice, "Alice@Example.org").await;
    let server = server.restart().await;
    let (alice, bob) = (alice.on(&server), bob.on(&server));
    let threepids = alice.get("/account/3pid").await.ok();
    assert_eq!(threepids["threepids"].as_array().unwrap().len(), 1);
    assert_eq!(threepids["threepids"][0]["address"], "alice@example.org");
    let gone = json!({"medium": "email", "address": "ALICE@example.org"});
    alice.post("/account/3pid/delete", gone).await.ok();
    assert_eq!(alice.get("/account/3pid").await.ok(), json!({"threepids": []}));
    let number = mailbox.count();
    add_address(&server, &mailbox, &bob, "alice@example.org").await;
    assert_eq!(mailbox.count(), number + 1);
}

#[tokio::test]
async fn two_who_confirm_the_same_address_do_not_share_it() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let mut bodies = Vec::new();
    for (number, secret) in ["first", "second"].into_iter().enumerate() {
        let sid = alice.post(ASK, wish_for_mail("both@example.org", secret, 1)).await.ok()["sid"].take();
        open_link(&server, &mailbox.letter(number).await.link()).await;
        bodies.push(json!({"sid": sid, "client_secret": secret}));
    }
    alice.call_with_password("POST", PATH, bodies.remove(0)).await.ok();
    bob.call_with_password("POST", PATH, bodies.remove(0)).await.refused(400, "M_THREEPID_IN_USE");
    assert_eq!(bob.get("/account/3pid").await.ok(), json!({"threepids": []}));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let mailbox = Mailbox::start().await;
    let more = "\n[registration]\nmode = \"open\"\nguests = true\n";
    let server = Server::start_with(&format!("{}{more}", mailbox.config())).await;
    let alice = server.register("alice").await;
    let sid = alice.post(ASK, wish_for_mail("alice@example.org", "secret", 1)).await.ok()["sid"].take();
    let body = json!({"sid": sid, "client_secret": "secret"});
    alice.post(PATH, body.clone()).await.challenged(&[&["m.login.password"]]);
    let unopened = alice.call_with_password("POST", PATH, body.clone()).await;
    unopened.refused(400, "M_THREEPID_AUTH_FAILED");
    open_link(&server, &mailbox.letter(0).await.link()).await;
    let other = json!({"sid": sid, "client_secret": "guessed"});
    alice.call_with_password("POST", PATH, other).await.refused(400, "M_THREEPID_AUTH_FAILED");
    let unknown = json!({"sid": "unknown", "client_secret": "secret"});
    alice.call_with_password("POST", PATH, unknown).await.refused(400, "M_THREEPID_AUTH_FAILED");
    server.register_guest().await.post(PATH, body.clone()).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
    alice.post(PATH, json!({})).await.refused(400, "M_BAD_JSON");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(body)).await.refused(401, "M_MISSING_TOKEN");
}
