//! `GET /_matrix/client/v3/voip/turnServer`

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha1::Sha1;

use crate::harness::Server;

const PATH: &str = "/voip/turnServer";

#[tokio::test]
async fn credentials_are_what_the_relay_expects() {
    let more = r#"
[turn]
uris = ["turn:turn.example.org?transport=udp", "turns:turn.example.org"]
shared_secret = "the secret of the relay"
lifetime_seconds = 7200
"#;
    let server = Server::start_with(more).await;
    let alice = server.register("alice").await;
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let answer = alice.get(PATH).await.ok();
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(answer["uris"], json!(["turn:turn.example.org?transport=udp", "turns:turn.example.org"]));
    assert_eq!(answer["ttl"], 7200);
    let username = answer["username"].as_str().unwrap();
    let (expires, user) = username.split_once(':').unwrap();
    assert_eq!(user, "@alice:localhost");
    assert!((before + 7200..=after + 7200).contains(&expires.parse().unwrap()), "{username}");
    let mut mac = Hmac::<Sha1>::new_from_slice(b"the secret of the relay").unwrap();
    mac.update(username.as_bytes());
    assert_eq!(answer["password"], STANDARD.encode(mac.finalize().into_bytes()));
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn a_relay_may_have_a_fixed_password() {
    let more = "[turn]\nuris = [\"turn:t.example.org\"]\nusername = \"kith\"\npassword = \"sesame\"\n";
    let server = Server::start_with(more).await;
    let alice = server.register("alice").await;
    let expected =
        json!({"uris": ["turn:t.example.org"], "username": "kith", "password": "sesame", "ttl": 86400});
    assert_eq!(alice.get(PATH).await.ok(), expected);
}

#[tokio::test]
async fn without_a_relay_the_answer_is_empty() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    assert_eq!(alice.get(PATH).await.ok(), json!({}));
}
