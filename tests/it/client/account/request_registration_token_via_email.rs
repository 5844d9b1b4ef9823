//! `POST /_matrix/client/v3/register/email/requestToken`

use serde_json::{Value, json};

use super::{open_link, register, wish_for_mail};
use crate::harness::{Mailbox, Server, User};

const PATH: &str = "/_matrix/client/v3/register/email/requestToken";

async fn ask(server: &Server, address: &str, attempt: u64) -> crate::harness::Answer {
    server.anonymous("POST", PATH, Some(wish_for_mail(address, "secret", attempt))).await
}

fn with_mail(sid: &Value, session: &str) -> Value {
    let credentials = json!({"sid": sid, "client_secret": "secret"});
    let auth = json!({"type": "m.login.email.identity", "threepid_creds": credentials, "session": session});
    json!({"username": "alice", "password": "correct horse", "auth": auth})
}

#[tokio::test]
async fn a_mail_leads_to_an_account() {
    let mailbox = Mailbox::start().await;
    let config = format!("{}\n[registration]\nmode = \"email\"\n", mailbox.config());
    let server = Server::start_with(&config).await;
    let flows: &[&[&str]] = &[&["m.login.email.identity"]];
    let first = json!({"username": "alice", "password": "correct horse"});
    let session = register(&server, first).await.challenged(flows);
    let sid = ask(&server, "Alice@Example.org", 1).await.ok()["sid"].take();
    let letter = mailbox.letter(0).await;
    assert_eq!(letter.to, ["alice@example.org"]);
    assert_eq!(letter.header("Subject"), Some("Confirm your address for Testchat"));
    assert_eq!(letter.header("Auto-Submitted"), Some("auto-generated"));
    // The link does not know the client's secret: whoever reads the mail cannot go on in the client's place.
    assert!(!letter.raw.contains("client_secret"), "{}", letter.raw);

    let wish = with_mail(&sid, &session);
    register(&server, wish.clone()).await.unconvinced("M_UNAUTHORIZED", flows);
    open_link(&server, &letter.link()).await;
    let alice = User::from_login(&server, &register(&server, wish.clone()).await.ok());
    let threepids = alice.get("/account/3pid").await.ok();
    assert_eq!(threepids["threepids"][0]["address"], "alice@example.org");
    assert_eq!(threepids["threepids"][0]["medium"], "email");
    // The proof is used up.
    let next = register(&server, json!({})).await.challenged(flows);
    let mut again = with_mail(&sid, &next);
    again["username"] = json!("bob");
    register(&server, again).await.unconvinced("M_UNAUTHORIZED", flows);
    // One address, one account.
    ask(&server, "alice@EXAMPLE.org", 2).await.refused(400, "M_THREEPID_IN_USE");
    // And one logs in with it.
    for identifier in [
        json!({"type": "m.id.thirdparty", "medium": "email", "address": "ALICE@example.org"}),
        json!({"type": "m.id.user", "user": "alice"}),
    ] {
        let body = json!({"type": "m.login.password", "identifier": identifier, "password": "correct horse"});
        server.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await.ok();
    }
}

#[tokio::test]
async fn where_mails_are_sent_an_address_may_be_confirmed_in_every_mode() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    let flows: &[&[&str]] = &[&["m.login.dummy"], &["m.login.email.identity"]];
    let session = register(&server, json!({})).await.challenged(flows);
    let sid = ask(&server, "alice@example.org", 1).await.ok()["sid"].take();
    open_link(&server, &mailbox.letter(0).await.link()).await;
    let alice = User::from_login(&server, &register(&server, with_mail(&sid, &session)).await.ok());
    assert_eq!(alice.get("/account/3pid").await.ok()["threepids"][0]["address"], "alice@example.org");
    server.register("bob").await.is_logged_in().await;
}

#[tokio::test]
async fn an_attempt_is_one_mail() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    let first = ask(&server, "alice@example.org", 1).await.ok();
    assert_eq!(ask(&server, "alice@example.org", 1).await.ok(), first);
    assert_eq!(ask(&server, "alice@example.org", 0).await.ok(), first);
    let old = mailbox.letter(0).await;
    assert_eq!(ask(&server, "alice@example.org", 2).await.ok(), first);
    let new = mailbox.letter(1).await;
    assert_eq!(mailbox.count(), 2);
    assert_ne!(old.link(), new.link());
    // Another secret or another address is another session.
    let other = wish_for_mail("alice@example.org", "another", 1);
    assert_ne!(server.anonymous("POST", PATH, Some(other)).await.ok(), first);
    assert_ne!(ask(&server, "bob@example.org", 1).await.ok(), first);
    // People open whichever mail they find, also after the server was started again.
    let server = server.restart().await;
    open_link(&server, &old.link()).await;
    open_link(&server, &new.link()).await;
}

#[tokio::test]
async fn a_mail_that_was_not_sent_may_be_asked_for_again() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    mailbox.refuse(true);
    ask(&server, "alice@example.org", 1).await.refused(500, "M_UNKNOWN");
    mailbox.refuse(false);
    ask(&server, "alice@example.org", 1).await.ok();
    open_link(&server, &mailbox.letter(0).await.link()).await;
}

#[tokio::test]
async fn whoever_asks_need_not_learn_who_is_here() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&format!("{}hide_accounts = true\n", mailbox.config())).await;
    let session =
        register(&server, json!({})).await.challenged(&[&["m.login.dummy"], &["m.login.email.identity"]]);
    let sid = ask(&server, "alice@example.org", 1).await.ok()["sid"].take();
    open_link(&server, &mailbox.letter(0).await.link()).await;
    register(&server, with_mail(&sid, &session)).await.ok();
    // The answer is as for an address that nobody has; the mail tells its reader.
    assert!(ask(&server, "alice@example.org", 2).await.ok()["sid"].is_string());
    let letter = mailbox.letter(1).await;
    assert!(letter.text.contains("@alice:localhost") && !letter.text.contains("http"), "{}", letter.text);
    let reset = "/_matrix/client/v3/account/password/email/requestToken";
    let unknown = wish_for_mail("nobody@example.org", "secret", 1);
    assert!(server.anonymous("POST", reset, Some(unknown)).await.ok()["sid"].is_string());
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let mailbox = Mailbox::start().await;
    let limits = "\n[rate_limits]\nmail_per_recipient = { per_second = 0.001, burst = 2 }\n";
    let server = Server::start_with(&format!("{}{limits}", mailbox.config())).await;
    for address in ["", "alice", "alice@", "@example.org", "a@b\r\nRCPT TO:<c@d>", "a@b, c@d"] {
        ask(&server, address, 1).await.refused(400, "M_INVALID_PARAM");
    }
    for body in [json!({}), json!({"email": "a@b.c", "client_secret": "s p a c e", "send_attempt": 1})] {
        server.anonymous("POST", PATH, Some(body)).await.refused(400, "M_BAD_JSON");
    }
    ask(&server, "alice@example.org", 1).await.ok();
    ask(&server, "Alice@example.org", 2).await.ok();
    ask(&server, "alice@example.org", 3).await.refused(429, "M_LIMIT_EXCEEDED");
    ask(&server, "bob@example.org", 1).await.ok();
    let silent = Server::start().await;
    ask(&silent, "alice@example.org", 1).await.refused(403, "M_THREEPID_DENIED");
    let closed = Server::start_with("[registration]\nmode = \"closed\"\n").await;
    ask(&closed, "alice@example.org", 1).await.refused(403, "M_FORBIDDEN");
}
