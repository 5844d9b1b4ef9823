//! `POST /_matrix/client/v3/login` with a token that another program has signed.

use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

use super::login;
use crate::harness::{Answer, Server, encode, now_ms};

pub(super) const SECRET: &str = "a secret of thirty-two characters";

fn token(algorithm: &str, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let head = format!("{}.{}", encode(&json!({"alg": algorithm})), encode(claims));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(sign(head.as_bytes()));
    format!("{head}.{signature}")
}

pub(super) fn with_secret(claims: &Value, secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    token("HS256", claims, |head| hmac::sign(&key, head).as_ref().to_vec())
}

async fn log_in(server: &Server, token: &str) -> Answer {
    login(server, json!({"type": "org.matrix.login.jwt", "token": token})).await
}

#[tokio::test]
async fn a_shared_secret_lets_people_in() {
    let config = format!(
        "[jwt]\nsecret = \"{SECRET}\"\nissuer = \"us\"\naudiences = [\"kith\"]\ndisplay_name_claim = \"name\"\n"
    );
    let server = Server::start_with(&config).await;
    let flows = server.anonymous("GET", "/_matrix/client/v3/login", None).await.ok();
    assert!(flows["flows"].as_array().unwrap().contains(&json!({"type": "org.matrix.login.jwt"})), "{flows}");
    let now = now_ms() / 1000;
    let good = json!({"sub": "Alice", "name": "Alice A.", "iss": "us", "aud": ["kith"], "exp": now + 60});
    for kind in ["org.matrix.login.jwt", "m.login.jwt"] {
        let body = json!({"type": kind, "token": with_secret(&good, SECRET)});
        assert_eq!(login(&server, body).await.ok()["user_id"], "@alice:localhost");
    }
    let profile = server.anonymous("GET", "/_matrix/client/v3/profile/@alice:localhost", None).await.ok();
    assert_eq!(profile["displayname"], "Alice A.");
    let change = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        with_secret(&claims, SECRET)
    };
    for wrong in [
        with_secret(&good, "another secret of so many characters"),
        change("exp", json!(now - 600)),
        change("nbf", json!(now + 600)),
        change("iss", json!("them")),
        change("aud", json!("them")),
        change("sub", json!(7)),
        change("sub", json!("")),
        change("sub", Value::Null),
        token("none", &good, |_| Vec::new()),
        String::from("garbage"),
    ] {
        log_in(&server, &wrong).await.refused(403, "M_FORBIDDEN");
    }
    // An audience that nobody here goes by is one too many.
    let nobodys = Server::start_with(&format!("[jwt]\nsecret = \"{SECRET}\"\n")).await;
    log_in(&nobodys, &with_secret(&good, SECRET)).await.refused(403, "M_FORBIDDEN");
    log_in(&server, &change("sub", json!("no such name!"))).await.refused(400, "M_INVALID_USERNAME");
    let body = json!({"type": "org.matrix.login.jwt"});
    login(&server, body).await.refused(400, "M_MISSING_PARAM");
}

#[tokio::test]
async fn a_public_key_is_enough_to_believe() {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).unwrap();
    // SubjectPublicKeyInfo: id-ecPublicKey on prime256v1, and the point.
    let mut der = vec![
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    der.extend(key.public_key().as_ref());
    let pem =
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(der));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.pem");
    std::fs::write(&path, &pem).unwrap();
    let config = format!(
        "[jwt]\nalgorithm = \"ES256\"\npublic_key = \"{}\"\nregister = false\nsubject_claim = \"name\"\n",
        path.display()
    );
    let server = Server::start_with(&config).await;
    let signed = |name: &str| {
        let claims = json!({"name": name});
        token("ES256", &claims, |head| key.sign(&random, head).unwrap().as_ref().to_vec())
    };
    log_in(&server, &signed("alice")).await.refused(403, "M_FORBIDDEN");
    let alice = server.register("alice").await;
    assert_eq!(log_in(&server, &signed("alice")).await.ok()["user_id"], alice.id.as_str());
    // Who has only the public key signs nothing with it.
    let forged = with_secret(&json!({"name": "alice"}), &pem);
    log_in(&server, &forged).await.refused(403, "M_FORBIDDEN");
    let other = Server::start().await;
    log_in(&other, &signed("alice")).await.refused(400, "M_UNKNOWN");
}

#[tokio::test]
async fn closed_accounts_stay_closed() {
    let server = Server::start_with(&format!("[jwt]\nsecret = \"{SECRET}\"\n")).await;
    let admin = server.register_admin("admin").await;
    let alice = server.register("alice").await;
    let token = with_secret(&json!({"sub": "alice"}), SECRET);
    let lock = format!("/_matrix/client/v1/admin/lock/{}", encode(&alice.id));
    admin.put(&lock, json!({"locked": true})).await.ok();
    log_in(&server, &token).await.refused(401, "M_USER_LOCKED");
    admin.put(&lock, json!({"locked": false})).await.ok();
    log_in(&server, &token).await.ok();
    alice.call_with_password("POST", "/account/deactivate", json!({})).await.ok();
    log_in(&server, &token).await.refused(403, "M_USER_DEACTIVATED");
}
