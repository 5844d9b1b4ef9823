//! `POST /_synapse/admin/v1/register`

use serde_json::{Value, json};

use super::PATH;
use crate::harness::{SHARED_SECRET, Server, User, encode};

fn wish(name: &str) -> Value {
    json!({"username": name, "password": "correct horse"})
}

#[tokio::test]
async fn accounts_are_made_by_whoever_knows_the_secret() {
    // Whatever holds for others.
    let more = format!("[registration]\nmode = \"closed\"\nshared_secret = \"{SHARED_SECRET}\"\n");
    let server = Server::start_with(&more).await;
    let answer = server.register_with_secret(&wish("alice"), SHARED_SECRET).await.ok();
    assert_eq!(
        (&answer["user_id"], &answer["home_server"]),
        (&json!("@alice:localhost"), &json!("localhost"))
    );
    let alice = User::from_login(&server, &answer);
    alice.is_logged_in().await;
    server.log_in("alice", "correct horse").await.ok();
    alice.get("/_synapse/admin/v1/users/%40alice%3Alocalhost/admin").await.refused(403, "M_FORBIDDEN");

    let admin = server.register_by_secret("root", true).await;
    let found = admin.get("/_synapse/admin/v1/users/%40root%3Alocalhost/admin").await.ok();
    assert_eq!(found, json!({"admin": true}));

    let mut named = wish("bot");
    named["displayname"] = "The bot".into();
    named["user_type"] = "bot".into();
    named["inhibit_login"] = true.into();
    let answer = server.register_with_secret(&named, SHARED_SECRET).await.ok();
    assert!(answer.get("access_token").is_none() && answer.get("device_id").is_none(), "{answer}");
    let profile = alice.get(&format!("/profile/{}", encode("@bot:localhost"))).await.ok();
    assert_eq!(profile["displayname"], "The bot");
    // The operator may give what people cannot ask for: a short password, a number, an underscore.
    for name in ["12345", "_bridged"] {
        let short = json!({"username": name, "password": "x"});
        server.register_with_secret(&short, SHARED_SECRET).await.ok();
        server.log_in(name, "x").await.ok();
    }
}

#[tokio::test]
async fn a_nonce_is_good_for_one_try() {
    let server = Server::start().await;
    let nonce = server.anonymous("GET", PATH, None).await.ok()["nonce"].take();
    let with_nonce = |name: &str| {
        let mut wish = wish(name);
        wish["nonce"] = nonce.clone();
        wish
    };
    server.register_with_secret(&with_nonce("alice"), SHARED_SECRET).await.ok();
    server.register_with_secret(&with_nonce("bob"), SHARED_SECRET).await.refused(400, "M_UNKNOWN");
    let nonce = server.anonymous("GET", PATH, None).await.ok()["nonce"].take();
    let mut guess = wish("carol");
    guess["nonce"] = nonce.clone();
    server.register_with_secret(&guess, "a wrong secret").await.refused(403, "M_UNKNOWN");
    // The wrong guess has used it up.
    server.register_with_secret(&guess, SHARED_SECRET).await.refused(400, "M_UNKNOWN");
    guess["nonce"] = "made up".into();
    server.register_with_secret(&guess, SHARED_SECRET).await.refused(400, "M_UNKNOWN");
    // A nonce is no access token, nor the other way round.
    server.refuses_token(nonce.as_str().unwrap()).await;
}

#[tokio::test]
async fn the_mac_covers_every_field() {
    let server = Server::start().await;
    let forged = async |key: &str, value: Value| {
        let nonce = server.anonymous("GET", PATH, None).await.ok()["nonce"].take();
        let mut wish = wish("alice");
        wish["nonce"] = nonce;
        let signed = crate::harness::secret_mac(&wish, SHARED_SECRET);
        wish["mac"] = signed.into();
        wish[key] = value;
        server.anonymous("POST", PATH, Some(wish)).await
    };
    forged("admin", json!(true)).await.refused(403, "M_UNKNOWN");
    forged("username", json!("mallory")).await.refused(403, "M_UNKNOWN");
    forged("password", json!("another")).await.refused(403, "M_UNKNOWN");
    forged("user_type", json!("bot")).await.refused(403, "M_UNKNOWN");
    for mac in ["", "00", "zz", "not hexadecimal", "é"] {
        forged("mac", json!(mac)).await.refused(403, "M_UNKNOWN");
    }
    // What the MAC cannot tell apart is refused before it is compared.
    forged("username", json!("alice\0correct horse")).await.refused(400, "M_UNKNOWN");
    server.log_in("alice", "correct horse").await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn names_are_checked() {
    let server = Server::start().await;
    server.register("alice").await;
    for (name, errcode) in
        [("alice", "M_USER_IN_USE"), ("ALICE", "M_USER_IN_USE"), ("two words", "M_INVALID_USERNAME")]
    {
        server.register_with_secret(&wish(name), SHARED_SECRET).await.refused(400, errcode);
    }
    for odd in [json!({"username": "", "password": "x"}), json!({"username": "bob", "password": ""})] {
        server.register_with_secret(&odd, SHARED_SECRET).await.refused(400, "M_UNKNOWN");
    }
    let mut odd = wish("bob");
    odd["user_type"] = "superhero".into();
    server.register_with_secret(&odd, SHARED_SECRET).await.refused(400, "M_UNKNOWN");
    for body in [json!({}), json!([]), json!({"nonce": 7, "username": "bob", "password": "x", "mac": "00"})] {
        server.anonymous("POST", PATH, Some(body)).await.refused(400, "M_BAD_JSON");
    }
    server.send_text("POST", PATH, None, "{").await.refused(400, "M_NOT_JSON");
}

#[tokio::test]
async fn without_a_secret_nobody_knows_it() {
    let server = Server::start_with("[registration]\nmode = \"open\"\n").await;
    let mut wish = wish("alice");
    wish["nonce"] = "made up".into();
    server.register_with_secret(&wish, "").await.refused(400, "M_UNKNOWN");
}
