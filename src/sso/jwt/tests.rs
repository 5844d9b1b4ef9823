//! Tokens of every kind, signed here and changed in every way.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;

use super::*;

const NOW_MS: u64 = 1_700_000_000_000;
const NOW: u64 = NOW_MS / 1000;
const SECRET: &[u8] = b"a secret of the tests";

fn signed(algorithm: &str, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let head = format!("{}.{}", encode(&json!({ "alg": algorithm, "typ": "JWT" })), encode(claims));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(sign(head.as_bytes()));
    format!("{head}.{signature}")
}

fn with_secret(claims: &Value) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    signed("HS256", claims, |head| hmac::sign(&key, head).as_ref().to_vec())
}

fn expected(audiences: &[String]) -> Expected<'_> {
    Expected { algorithms: &[Algorithm::HS256], issuer: Some("https://i"), audiences, may_be_endless: false }
}

#[test]
fn claims_are_checked() {
    install();
    let (none, ours) = (Vec::new(), vec!["us".to_owned()]);
    let check = |claims: Value, audiences: &[String], believed: bool| {
        let key = DecodingKey::from_secret(SECRET);
        let verified = verify(&with_secret(&claims), &key, &expected(audiences), NOW_MS);
        assert_eq!(verified.is_ok(), believed, "{claims}: {verified:?}");
    };
    check(json!({ "iss": "https://i", "exp": NOW + 10 }), &none, true);
    check(json!({ "iss": "https://i", "exp": NOW + 10, "aud": "us" }), &ours, true);
    check(json!({ "iss": "https://i", "exp": NOW + 10, "aud": ["them", "us"] }), &ours, true);
    check(json!({ "iss": "https://i", "exp": NOW as f64 + 10.5 }), &none, true);
    check(json!({ "iss": "https://i", "exp": NOW + 10, "aud": "us" }), &none, false);
    check(json!({ "iss": "https://i", "exp": NOW + 10, "aud": "them" }), &ours, false);
    check(json!({ "iss": "https://i", "exp": NOW + 10 }), &ours, false);
    check(json!({ "iss": "https://j", "exp": NOW + 10 }), &none, false);
    check(json!({ "exp": NOW + 10 }), &none, false);
    check(json!({ "iss": "https://i", "exp": NOW - 60 }), &none, false);
    check(json!({ "iss": "https://i", "exp": "soon" }), &none, false);
    check(json!({ "iss": "https://i" }), &none, false);
    check(json!({ "iss": "https://i", "exp": NOW + 900, "nbf": NOW + 600 }), &none, false);
}

#[test]
fn signatures_are_checked() {
    install();
    let claims = json!({ "iss": "https://i", "exp": NOW + 10 });
    let token = with_secret(&claims);
    let key = DecodingKey::from_secret(SECRET);
    assert!(verify(&token, &key, &expected(&[]), NOW_MS).is_ok());
    assert!(verify(&token, &DecodingKey::from_secret(b"another"), &expected(&[]), NOW_MS).is_err());
    for wrong in [
        signed("none", &claims, |_| Vec::new()),
        signed("HS512", &claims, |head| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, SECRET), head).as_ref().to_vec()
        }),
        token.rsplit_once('.').expect("has parts").0.to_owned() + ".",
        token.replace('.', ""),
        String::new(),
        "x".repeat(TOKEN_BYTES_MAX + 1),
    ] {
        assert!(verify(&wrong, &key, &expected(&[]), NOW_MS).is_err(), "{wrong}");
    }
}

#[test]
fn a_public_key_is_no_secret() {
    install();
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("makes a key");
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("reads");
    let public = pair.public_key().as_ref().to_vec();
    let claims = json!({ "iss": "https://i", "exp": NOW + 10 });
    let token = signed("ES256", &claims, |head| pair.sign(&random, head).expect("signs").as_ref().to_vec());
    let key = DecodingKey::from_ec_der(&public);
    let both = Expected { algorithms: &[Algorithm::ES256, Algorithm::HS256], ..expected(&[]) };
    assert!(verify(&token, &key, &both, NOW_MS).is_ok());
    // Signed with the public key as if it were a shared secret.
    let mac = hmac::Key::new(hmac::HMAC_SHA256, &public);
    let forged = signed("HS256", &claims, |head| hmac::sign(&mac, head).as_ref().to_vec());
    assert!(verify(&forged, &key, &both, NOW_MS).is_err());
}
