//! Tokens signed here, and changed in every way.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use kith_config::JwtAlgorithm as Algorithm;
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA384,
        RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use serde_json::json;

use super::*;

const NOW_MS: u64 = 1_700_000_000_000;
const NOW: u64 = NOW_MS / 1000;
const SECRET: &[u8] = b"a secret of the tests";
/// A key made for these tests alone (PKCS#8).
const RSA_KEY: &str = concat!(
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDEfIGL7C5BzPOG+c797wWvZnptLgWMoijvZBW1Y392c7bYxqMx",
    "mTL0ARP1NI2LsThs12NkMfKzybRkh9NmSvgdNqvUBJ2/zTT9wLgITEeDMz8aKoEDyhuwtgoF9XYZnLk9dt/EpJWfXdYq6WxDNtAQ",
    "1pgeS20i4fibeEUV1iCPECifl8J9siIfU7U5ZPxsk8F0ExGaz8lMEM85roEM+7FRTUnd6+mKrU32YSyfYNUvg94Bi9EbXKol3Def",
    "nxAB5zZ3z/nHjxvbLx4wDJMsV7hd1iKws1c8GPIO6LDt8U/Q7ndtDZ0viQf03Agco/UWTbNpNhZ7GlOYX7MWnpZV69MPAgMBAAEC",
    "ggEAHAZUJeRwbpMwcuKDiwWCDpPzx0nGodnpM8fXLtF7tyXnAQFH+oWK1nGm6pTt0WxcC24nL33OS6Vr1ODonpD31ZbcKDfmVhqL",
    "Qdwwg4J5urVe/TjtwOAdVfWI9XOeviVz6Ffhr7b33kywhNtZRTb2s0ggV0XT0aNgZbBgTi6F41Ge5SJt5FMClfh0+DRdEAZeZDjM",
    "NF0kkmDAtkOydVdQ9rXOiQfBmwoM2G0HapKMB6WblKS1QIGjItBcNacu7h9vXxOKXMpSM61P/CdEMRWVRk9cY7TAgT8TSMK34OYZ",
    "EO61fh78RSgmSp2IjUNqTgKFE6lNk1EmLlPQgoz+SFZv9QKBgQD35LY8dyRwf/CGnX23/rav3SzUr+QaW4rOwkGK2uGr6x+fW0/V",
    "UJ+Ho+z+eGAUlCwgNL9yDSOvY6LupaXC8NnXw3yRgJf1tcB8S0rGt5WhLyBy1I/TovoqT59qbI8BjVS6DKQDz35yHSC0YzQADWTa",
    "BuNJmnH4v4YXZ07I9tXiHQKBgQDK6W4SqiOEUzWVl+jSL/UFW9IHQxjmq+j9W4xT0S9qalVz4KmQOh41xi5ZBiA3nJlJNObwh4lN",
    "PGk2MEkCNaUbl5zqbMSlyIx607Ok0UcSbwm+8sUseukBSrMfUzlO7yissFsSw59oX35w8CvRAl5u0PhgKV0td6rZaza/aJ/CGwKB",
    "gFcoALKtqRAsy2JpCQSh95VJjDOTS/3AZcNgJS8u2d1aI5ohvqXfXNeR2Qd3R0C0//aq1QzCdeN6gpSphOhPSihEQQ3fSo5HQs/w",
    "oO/RKDitmxkEhzT/vjkWGZSPapA/IqTvQNNeJrT0bMU/g87o5qaJeWwtcxjkLb8YwWiC8Jw5AoGAK/1vX5yDFqzzcPr9/pNnC0Jc",
    "xjZFr7yVRlgSlBlFrkxfOj/6gsoWwpG0ephZY7UPhk9xwbOgkJ4IMTdGnLQEl3bHDguGlmpkCjzbNWApiFWKR1taY8pBuYX4T1I7",
    "mmE+8DFLjUXbyUTqpJFs7mMVFfE356EQEktfPsN/mv+TowECgYA1OSiUaa/w38avrdLQ8vL0WOhPloZBCwusPuZhy2N5QX4YORDB",
    "hzEe8i891q/EFboc9xJaTsXUH5rwPCUlrFnL9QzT0/wYYM4ELauVD/poltepCBTdV2zi/bANmtH9oI1c7A63g+3eBbxAZGyIvWNt",
    "JJ1/QCT5G2Ycxve8pzvtyQ==",
);

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
        // Right, but not in the way that is accepted.
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

/// Whether a token is believed that says it was signed so.
#[track_caller]
fn believed(named: &str, algorithm: Algorithm, key: &Key, sign: impl Fn(&[u8]) -> Vec<u8>) {
    let claims = json!({ "iss": "https://i", "exp": NOW + 10 });
    let token = signed(named, &claims, sign);
    let another = if algorithm == Algorithm::Rs384 { Algorithm::Rs256 } else { Algorithm::Rs384 };
    let (this, another) = ([algorithm], [another]);
    let only = |algorithms| Expected { algorithms, ..expected(&[]) };
    verify(&token, key, &only(&this)).unwrap_or_else(|error| panic!("{named}: {error}"));
    let (head, signature) = token.rsplit_once('.').expect("has parts");
    let mut signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("is encoded");
    signature[10] ^= 1;
    let broken = format!("{head}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
    assert_eq!(verify(&broken, key, &only(&this)), Err(JwtError::Signature), "{named}");
    // Right as it is, but not what is expected here.
    assert_eq!(verify(&token, key, &only(&another)), Err(JwtError::Algorithm), "{named}");
}

#[test]
fn every_way_to_sign_is_known() {
    let random = SystemRandom::new();
    let secret = Key::Secret(SECRET.to_vec());
    let hmacs = [
        ("HS256", Algorithm::Hs256, hmac::HMAC_SHA256),
        ("HS384", Algorithm::Hs384, hmac::HMAC_SHA384),
        ("HS512", Algorithm::Hs512, hmac::HMAC_SHA512),
    ];
    for (named, algorithm, digest) in hmacs {
        let key = hmac::Key::new(digest, SECRET);
        believed(named, algorithm, &secret, |head| hmac::sign(&key, head).as_ref().to_vec());
    }
    let der = BASE64_STANDARD.decode(RSA_KEY).expect("is encoded");
    let pair = RsaKeyPair::from_pkcs8(&der).expect("is a key");
    let by_rsa = |encoding: &'static dyn RsaEncoding| {
        let (pair, random) = (&pair, &random);
        move |head: &[u8]| {
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(encoding, random, head, &mut signature).expect("signs");
            signature
        }
    };
    let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
    for key in [Key::RsaDer(pair.public().as_ref().to_vec()), Key::Rsa { n, e }] {
        believed("RS256", Algorithm::Rs256, &key, by_rsa(&RSA_PKCS1_SHA256));
        believed("RS512", Algorithm::Rs512, &key, by_rsa(&RSA_PKCS1_SHA512));
        believed("PS384", Algorithm::Ps384, &key, by_rsa(&RSA_PSS_SHA384));
    }
    let make = |algorithm: &'static EcdsaSigningAlgorithm| {
        let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("makes a key");
        EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &random).expect("is a key")
    };
    let pair = make(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let key = Key::P256(pair.public_key().as_ref().to_vec());
    believed("ES256", Algorithm::Es256, &key, |head| {
        pair.sign(&random, head).expect("signs").as_ref().to_vec()
    });
    let pair = make(&ECDSA_P384_SHA384_FIXED_SIGNING);
    let key = Key::P384(pair.public_key().as_ref().to_vec());
    believed("ES384", Algorithm::Es384, &key, |head| {
        pair.sign(&random, head).expect("signs").as_ref().to_vec()
    });
    let der = Ed25519KeyPair::generate_pkcs8(&random).expect("makes a key");
    let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).expect("is a key");
    let key = Key::Ed25519(pair.public_key().as_ref().to_vec());
    believed("EdDSA", Algorithm::EdDsa, &key, |head| pair.sign(head).as_ref().to_vec());
}

#[test]
fn keys_are_taken_out_of_their_wrapping() {
    // SubjectPublicKeyInfo: the kind, and a bit string with the key.
    let wrapped = |kind: &[u8], bits: &[u8]| {
        let short = |length: usize| u8::try_from(length).expect("is short");
        let mut inside = vec![0x30, short(kind.len())];
        inside.extend(kind);
        inside.extend([0x03, short(bits.len() + 1), 0]);
        inside.extend(bits);
        let mut der = vec![0x30, short(inside.len())];
        der.extend(inside);
        der
    };
    let ed25519 = wrapped(&[0x06, 0x03, 0x2b, 0x65, 0x70], &[7; 32]);
    let found = Key::from_spki(&ed25519).expect("is a key");
    assert!(found.fits(Algorithm::EdDsa) && !found.fits(Algorithm::Es256) && !found.fits(Algorithm::Hs256));
    let ec = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    let curve = |last: &[u8]| [&ec[..], last].concat();
    let p256 = curve(&[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
    let found = Key::from_spki(&wrapped(&p256, &[4; 65])).expect("is a key");
    assert!(found.fits(Algorithm::Es256) && !found.fits(Algorithm::Es384));
    // A curve that nobody here knows (secp256k1), none at all, and what is no key.
    let other = curve(&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a]);
    for wrong in [wrapped(&other, &[4; 65]), wrapped(&ec, &[4; 65]), ed25519[..20].to_vec(), Vec::new()] {
        assert!(Key::from_spki(&wrong).is_none(), "{wrong:?}");
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
