//! `POST /_matrix/client/v3/account/password/email/requestToken`

use serde_json::{Value, json};

use super::{add_address, open_link, wish_for_mail};
use crate::harness::{Answer, Mailbox, Server};

const PATH: &str = "/_matrix/client/v3/account/password/email/requestToken";
const FLOWS: &[&[&str]] = &[&["m.login.email.identity"]];

async fn set(server: &Server, sid: &Value, session: &str, password: &str) -> Answer {
    let credentials = json!({"sid": sid, "client_secret": "secret"});
    let auth = json!({"type": "m.login.email.identity", "threepid_creds": credentials, "session": session});
    let body = json!({"new_password": password, "auth": auth});
    server.anonymous("POST", "/_matrix/client/v3/account/password", Some(body)).await
}

#[tokio::test]
async fn whoever_forgot_the_password_gets_a_mail() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    let alice = server.register("alice").await;
    let ask = |attempt| wish_for_mail("alice@example.org", "secret", attempt);
    server.anonymous("POST", PATH, Some(ask(1))).await.refused(400, "M_THREEPID_NOT_FOUND");
    add_address(&server, &mailbox, &alice, "alice@example.org").await;
    let sid = server.anonymous("POST", PATH, Some(ask(1))).await.ok()["sid"].take();
    let letter = mailbox.letter(1).await;
    assert!(letter.text.contains("@alice:localhost"), "{}", letter.text);

    let body = json!({"new_password": "battery staple"});
    let asked = server.anonymous("POST", "/_matrix/client/v3/account/password", Some(body)).await;
    let session = asked.challenged(FLOWS);
    set(&server, &sid, &session, "battery staple").await.unconvinced("M_UNAUTHORIZED", FLOWS);
    open_link(&server, &letter.link()).await;
    set(&server, &sid, &session, "short").await.refused(400, "M_WEAK_PASSWORD");
    set(&server, &sid, &session, "battery staple").await.ok();
    server.refuses_token(&alice.token).await;
    server.log_in("alice", "battery staple").await.ok();
    server.log_in("alice", &alice.password()).await.refused(403, "M_FORBIDDEN");
    // Once only.
    set(&server, &sid, &session, "another one").await.unconvinced("M_FORBIDDEN", FLOWS);
}

#[tokio::test]
async fn a_proof_for_something_else_is_none() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    let alice = server.register("alice").await;
    let bob = server.register("bob").await;
    let add = "/_matrix/client/v3/account/3pid/email/requestToken";
    let wish = wish_for_mail("alice@example.org", "secret", 1);
    // The mail said that the address would be added to an account, not that a password would be set.
    let sid = server.anonymous("POST", add, Some(wish)).await.ok()["sid"].take();
    add_address(&server, &mailbox, &alice, "alice@example.org").await;
    open_link(&server, &mailbox.letter(0).await.link()).await;
    let body = json!({"new_password": "battery staple"});
    let asked = server.anonymous("POST", "/_matrix/client/v3/account/password", Some(body)).await;
    let session = asked.challenged(FLOWS);
    set(&server, &sid, &session, "battery staple").await.unconvinced("M_UNAUTHORIZED", FLOWS);
    server.log_in("alice", &alice.password()).await.ok();
    // Nor does a mail that resets a password add the address to another account.
    let wish = wish_for_mail("alice@example.org", "secret", 1);
    let sid = server.anonymous("POST", PATH, Some(wish)).await.ok()["sid"].take();
    open_link(&server, &mailbox.letter(2).await.link()).await;
    let body = json!({"sid": sid, "client_secret": "secret"});
    bob.call_with_password("POST", "/account/3pid/add", body).await.refused(400, "M_THREEPID_AUTH_FAILED");
}

#[tokio::test]
async fn without_mails_there_is_no_such_way() {
    let server = Server::start().await;
    let wish = wish_for_mail("alice@example.org", "secret", 1);
    server.anonymous("POST", PATH, Some(wish)).await.refused(403, "M_THREEPID_DENIED");
    let body = json!({"new_password": "battery staple"});
    let path = "/_matrix/client/v3/account/password";
    server.anonymous("POST", path, Some(body)).await.refused(401, "M_MISSING_TOKEN");
}
