//! `GET /_matrix/client/unstable/sso/callback`

use serde_json::{Value, json};

use super::{TRUST, TRUSTING, begin_sso, login, sign_on};
use crate::client::account::add_address;
use crate::harness::{Browser, IdentityProvider, Mailbox, Page, Server, encode, query};

const CLIENT: &str = "https://app.example.org/";

fn alice() -> Value {
    json!({"sub": "1", "preferred_username": "Alice", "name": "Alice A.", "email": "Alice@example.org",
           "email_verified": true})
}

/// What a browser sees that comes back with these claims of the id token.
async fn come_back(server: &Server, service: &IdentityProvider, change: impl FnOnce(&mut Value)) -> Page {
    let browser = Browser::new(server);
    let location = begin_sso(&browser, CLIENT).await;
    browser.open(&service.let_in_with(&location, change)).await
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_keeps_it() {
    let service = IdentityProvider::start().await;
    let server = Server::start_with(&format!("{TRUSTING}{}", service.config("one"))).await;
    let first = sign_on(&server, &service, alice(), "PHONE").await;
    assert_eq!(first.id, "@alice:localhost");
    let profile = first.get(&format!("/profile/{}", encode(&first.id))).await.ok();
    assert_eq!(profile["displayname"], "Alice A.");
    assert_eq!(first.get("/account/3pid").await.ok()["threepids"][0]["address"], "alice@example.org");
    // Who it is does not depend on what they are called by now.
    let renamed = json!({"sub": "1", "preferred_username": "bob", "name": "B."});
    assert_eq!(sign_on(&server, &service, renamed, "LAPTOP").await.id, first.id);
    first.is_logged_in().await;
    // Somebody else with the same name is somebody else.
    let other = json!({"sub": "2", "preferred_username": "alice", "email": "alice@example.org", "email_verified": true});
    let other = sign_on(&server, &service, other, "X").await;
    assert_eq!(other.id, "@alice1:localhost");
    assert_eq!(other.get("/account/3pid").await.ok(), json!({"threepids": []}));
    server.log_in("alice", "").await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn two_services_know_two_people() {
    let (one, two) = (IdentityProvider::start().await, IdentityProvider::start().await);
    let server = Server::start_with(&format!("{TRUSTING}{}{}", one.config("one"), two.config("two"))).await;
    let browser = Browser::new(&server);
    let go = async |id: &str| {
        let client = encode(CLIENT);
        let path = format!("/_matrix/client/v3/login/sso/redirect/{id}?redirectUrl={client}");
        browser.open(&path).await.goes_to()
    };
    let log_in = async |location: String| {
        let token = query(&location)["loginToken"].clone();
        login(&server, json!({"type": "m.login.token", "token": token})).await.ok()["user_id"].clone()
    };
    let first = browser.open(&one.let_in(&go("one").await, alice())).await.goes_to();
    assert_eq!(log_in(first).await, "@alice:localhost");
    // The same words of another service are about somebody else.
    let second = browser.open(&two.let_in(&go("two").await, alice())).await.goes_to();
    assert_eq!(log_in(second).await, "@alice1:localhost");
    // What one service gives counts for nothing at the other.
    let (at_one, at_two) = (go("one").await, go("two").await);
    let code = query(&two.let_in(&at_two, alice()))["code"].clone();
    let mixed =
        format!("/_matrix/client/unstable/sso/callback?code={code}&state={}", query(&at_one)["state"]);
    assert_eq!(browser.open(&mixed).await.status, 502);
}

#[tokio::test]
async fn unknown_clients_are_looked_at_first() {
    let service = IdentityProvider::start().await;
    let server = Server::start_with(&format!("{TRUSTING}{}", service.config("one"))).await;
    for (client, host) in [
        ("https://app.example.org.evil.example/?a=1", "app.example.org.evil.example"),
        ("https://app.example.org@evil.example/", "evil.example"),
    ] {
        let browser = Browser::new(&server);
        let page = browser.open(&service.let_in(&begin_sso(&browser, client).await, alice())).await;
        assert_eq!((page.status, &page.location), (200, &None));
        let html = page.shows(&format!("<b>{host}</b>"));
        assert!(html.contains("@alice:localhost") && html.contains("loginToken=klt_"), "{html}");
    }
}

#[tokio::test]
async fn the_page_that_asks_runs_nothing_of_a_client() {
    let service = IdentityProvider::start().await;
    let server = Server::start_with(&format!("{TRUSTING}{}", service.config("one"))).await;
    let browser = Browser::new(&server);
    let client = "https://evil.example/?a=\"><script>alert(1)</script>&b='onclick='x";
    let page = browser.open(&service.let_in(&begin_sso(&browser, client).await, alice())).await;
    assert_eq!(page.status, 200);
    let html = page.shows("&lt;script&gt;");
    assert!(!html.contains("<script") && !html.contains("\"><") && !html.contains("'onclick"), "{html}");
    // The reason that a service gives is shown as it is, too.
    let state = query(&begin_sso(&browser, CLIENT).await)["state"].clone();
    let reason = encode("<img src=x onerror=alert(1)>");
    let refused = format!("/_matrix/client/unstable/sso/callback?state={state}&error={reason}");
    let html = browser.open(&refused).await.shows("&lt;img");
    assert!(!html.contains("<img"), "{html}");
}

#[tokio::test]
async fn a_token_logs_in_once() {
    let service = IdentityProvider::start().await;
    let server = Server::start_with(&format!("{TRUSTING}{}", service.config("one"))).await;
    let browser = Browser::new(&server);
    let back = service.let_in(&begin_sso(&browser, &format!("{CLIENT}?x=1#/go")).await, alice());
    let location = browser.open(&back).await.goes_to();
    assert!(location.starts_with("https://app.example.org/?x=1&loginToken=") && location.ends_with("#/go"));
    let token = query(location.split('#').next().unwrap())["loginToken"].clone();
    let body = json!({"type": "m.login.token", "token": token});
    login(&server, body.clone()).await.ok();
    login(&server, body).await.refused(403, "M_FORBIDDEN");
    // The same answer of the service counts once as well, and so does its code with another answer.
    browser.open(&back).await.shows("not begun in this browser");
    let state = query(&begin_sso(&browser, CLIENT).await)["state"].clone();
    let code = query(&back)["code"].clone();
    let replayed = format!("/_matrix/client/unstable/sso/callback?state={state}&code={code}");
    assert_eq!(browser.open(&replayed).await.status, 502);
}

#[tokio::test]
async fn only_the_browser_that_went_comes_back() {
    let service = IdentityProvider::start().await;
    let server = Server::start_with(&format!("{TRUSTING}{}", service.config("one"))).await;
    let back = service.let_in(&begin_sso(&Browser::new(&server), CLIENT).await, alice());
    let page = Browser::new(&server).open(&back).await;
    assert_eq!(page.status, 400);
    page.shows("not begun in this browser");
    let made_up = "/_matrix/client/unstable/sso/callback?state=made-up&code=c";
    server.anonymous("GET", made_up, None).await.refused(400, "M_UNKNOWN");
    server
        .anonymous("GET", "/_matrix/client/unstable/sso/callback", None)
        .await
        .refused(400, "M_MISSING_PARAM");
    // The service may let nobody in.
    let browser = Browser::new(&server);
    let state = query(&begin_sso(&browser, CLIENT).await)["state"].clone();
    let refused = format!("/_matrix/client/unstable/sso/callback?state={state}&error=access_denied");
    let page = browser.open(&refused).await;
    assert_eq!(page.status, 403);
    page.shows("access_denied");
}

#[tokio::test]
async fn what_the_service_signs_has_to_fit() {
    let service = IdentityProvider::start().await;
    let config = format!("{TRUSTING}{}userinfo = true\n", service.config("one"));
    let server = Server::start_with(&config).await;
    let who = |claims: &mut Value| {
        claims["sub"] = json!("1");
        claims["preferred_username"] = json!("alice");
    };
    let wrong: [(&str, Value); 7] = [
        ("nonce", json!("another")),
        ("aud", json!("another client")),
        ("aud", json!(["another client"])),
        ("iss", json!("https://another.example.org")),
        ("exp", json!(1_000_000_000)),
        ("azp", json!("another client")),
        ("sub", json!("")),
    ];
    service.set_userinfo(json!({"sub": "1"}));
    for (name, value) in wrong {
        let page = come_back(&server, &service, |claims| {
            who(claims);
            claims[name] = value;
        })
        .await;
        assert_eq!(page.status, 502, "{name}");
        page.shows("does not answer as it should");
    }
    // What is said of somebody else beside the token does not count either.
    service.set_userinfo(json!({"sub": "2", "preferred_username": "mallory"}));
    assert_eq!(come_back(&server, &service, who).await.status, 502);
    let is_there = async |name: &str| {
        let path = format!("/_matrix/client/v3/register/available?username={name}");
        server.anonymous("GET", &path, None).await.status == 400
    };
    assert!(!is_there("mallory").await && !is_there("carol").await);
    service.set_userinfo(json!({"sub": "1", "preferred_username": "carol"}));
    come_back(&server, &service, who).await.goes_to();
    assert!(is_there("carol").await);
    // Nor does what somebody else has signed.
    service.begin_forging();
    assert_eq!(come_back(&server, &service, who).await.status, 502);
    // Nobody has an account by the failed tries.
    server.anonymous("GET", "/_matrix/client/v3/register/available?username=alice", None).await.ok();
}

#[tokio::test]
async fn accounts_are_linked_by_addresses_that_both_have_confirmed() {
    let (service, mailbox) = (IdentityProvider::start().await, Mailbox::start().await);
    let config = format!("{}{TRUST}{}link_by_email = true\n", mailbox.config(), service.config("one"));
    let server = Server::start_with(&config).await;
    let bob = server.register("bob").await;
    add_address(&server, &mailbox, &bob, "bob@example.org").await;
    // What the service has not confirmed leads nowhere.
    let claims = |subject: &str, confirmed: bool| json!({"sub": subject, "preferred_username": "robert", "email": "Bob@example.org", "email_verified": confirmed});
    assert_eq!(sign_on(&server, &service, claims("1", false), "X").await.id, "@robert:localhost");
    assert_eq!(sign_on(&server, &service, claims("2", true), "Y").await.id, bob.id);
    assert_eq!(sign_on(&server, &service, claims("2", false), "Z").await.id, bob.id);
    // One person there, one here.
    assert_eq!(sign_on(&server, &service, claims("3", true), "X").await.id, "@robert1:localhost");
}

#[tokio::test]
async fn accounts_are_linked_as_the_operator_says() {
    let service = IdentityProvider::start().await;
    let config = format!("{TRUSTING}{}link_by_name = true\nregister = false\n", service.config("one"));
    let server = Server::start_with(&config).await;
    let alice = server.register("alice").await;
    let claims = json!({"sub": "1", "preferred_username": "Alice"});
    assert_eq!(sign_on(&server, &service, claims, "X").await.id, alice.id);
    // One person there, one here.
    let second = json!({"sub": "2", "preferred_username": "alice"});
    let page = come_back(&server, &service, |claims| {
        claims["sub"] = second["sub"].clone();
        claims["preferred_username"] = second["preferred_username"].clone();
    })
    .await;
    assert_eq!(page.status, 403);
    page.shows("no account here");
}

#[tokio::test]
async fn closed_accounts_stay_closed() {
    let service = IdentityProvider::start().await;
    let server = Server::start_with(&format!("{TRUSTING}{}", service.config("one"))).await;
    let alice_here = sign_on(&server, &service, alice(), "X").await;
    let admin = server.register_admin("admin").await;
    let lock = format!("/_matrix/client/v1/admin/lock/{}", encode(&alice_here.id));
    admin.put(&lock, json!({"locked": true})).await.ok();
    let browser = Browser::new(&server);
    let back = service.let_in(&begin_sso(&browser, CLIENT).await, alice());
    let page = browser.open(&back).await;
    assert_eq!(page.status, 401);
    page.shows("locked");
    // A login token from before is worth nothing either.
    admin.put(&lock, json!({"locked": false})).await.ok();
    let location = browser.open(&service.let_in(&begin_sso(&browser, CLIENT).await, alice())).await.goes_to();
    admin.put(&lock, json!({"locked": true})).await.ok();
    let token = query(&location)["loginToken"].clone();
    login(&server, json!({"type": "m.login.token", "token": token})).await.refused(401, "M_USER_LOCKED");
    admin.put(&lock, json!({"locked": false})).await.ok();
    // Whoever has closed their account does not get another one.
    let bob = json!({"sub": "2", "preferred_username": "bob"});
    let bob_here = sign_on(&server, &service, bob.clone(), "X").await;
    let session = bob_here.post("/account/deactivate", json!({})).await.challenged(&[&["m.login.sso"]]);
    let fallback = "/_matrix/client/v3/auth/m.login.sso/fallback/web";
    let away = browser.submit(fallback, &format!("session={session}")).await.goes_to();
    browser.open(&service.let_in(&away, bob.clone())).await.shows("authDone");
    bob_here.post("/account/deactivate", json!({"auth": {"session": session}})).await.ok();
    let page = browser.open(&service.let_in(&begin_sso(&browser, CLIENT).await, bob)).await;
    assert_eq!(page.status, 403);
    page.shows("deactivated");
}
