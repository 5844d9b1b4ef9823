//! Tokens signed here, and changed in every way.

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

fn verify(token: &str, key: &Key, expected: &Expected<'_>) -> Result<Claims, JwtError> {
    Token::read(token)?.verify(key, expected, NOW_MS)
}

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
    Expected { algorithms: &[Algorithm::Hs256], issuer: Some("https://i"), audiences, may_be_endless: false }
}

#[test]
fn claims_are_checked() {
    let (none, ours) = (Vec::new(), vec!["us".to_owned()]);
    let check = |claims: Value, audiences: &[String], believed: bool| {
        let key = Key::Secret(SECRET.to_vec());
        let verified = verify(&with_secret(&claims), &key, &expected(audiences));
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
    let claims = json!({ "iss": "https://i", "exp": NOW + 10 });
    let token = with_secret(&claims);
    let key = Key::Secret(SECRET.to_vec());
    assert!(verify(&token, &key, &expected(&[])).is_ok());
    assert!(verify(&token, &Key::Secret(b"another".to_vec()), &expected(&[])).is_err());
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
        assert!(verify(&wrong, &key, &expected(&[])).is_err(), "{wrong}");
    }
}

#[test]
fn a_public_key_is_no_secret() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("makes a key");
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("reads");
    let public = pair.public_key().as_ref().to_vec();
    let claims = json!({ "iss": "https://i", "exp": NOW + 10 });
    let token = signed("ES256", &claims, |head| pair.sign(&random, head).expect("signs").as_ref().to_vec());
    let key = Key::P256(public.clone());
    let both = Expected { algorithms: &[Algorithm::Es256, Algorithm::Hs256], ..expected(&[]) };
    assert!(verify(&token, &key, &both).is_ok());
    // Signed with the public key as if it were a shared secret.
    let mac = hmac::Key::new(hmac::HMAC_SHA256, &public);
    let forged = signed("HS256", &claims, |head| hmac::sign(&mac, head).as_ref().to_vec());
    assert!(verify(&forged, &key, &both).is_err());
}

#[test]
fn the_right_key_is_found() {
    let set = |keys: Value| -> KeySet { serde_json::from_value(json!({ "keys": keys })).expect("is a set") };
    let rsa = |kid: &str| json!({ "kty": "RSA", "kid": kid, "n": "AQAB", "e": "AQAB" });
    let es = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
    let odd = json!({ "kty": "XYZ", "kid": "a" });
    let token = |header: Value| {
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", encode(&header), encode(&json!({})))
    };
    let found = |keys: Value, header: Value| {
        set(keys).find(&Token::read(&token(header)).expect("is a token")).is_some()
    };
    assert!(found(json!([odd, rsa("a"), rsa("b")]), json!({ "alg": "RS256", "kid": "b" })));
    assert!(!found(json!([odd, rsa("a"), rsa("b")]), json!({ "alg": "RS256", "kid": "c" })));
    // A key of another kind is not the one, whatever it is called.
    assert!(!found(json!([rsa("a")]), json!({ "alg": "ES256", "kid": "a" })));
    assert!(!found(
        json!([json!({ "kty": "oct", "kid": "a", "k": "AA" })]),
        json!({ "alg": "HS256", "kid": "a" })
    ));
    // Without a name only where there is no choice.
    assert!(found(json!([rsa("a"), es]), json!({ "alg": "RS256" })));
    assert!(!found(json!([rsa("a"), rsa("b")]), json!({ "alg": "RS256" })));
    let critical = token(json!({ "alg": "RS256", "kid": "a", "crit": ["b64"], "b64": false }));
    assert_eq!(Token::read(&critical).err(), Some(JwtError::Algorithm));
    let mut other = rsa("a");
    other["use"] = json!("enc");
    assert!(!found(json!([other]), json!({ "alg": "RS256", "kid": "a" })));
}
