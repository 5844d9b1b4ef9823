//! Keys that tokens are verified with, and the form in which services publish theirs.
//! <https://www.rfc-editor.org/rfc/rfc7517>

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kith_config::JwtAlgorithm as Algorithm;
use ring::{
    hmac,
    signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm},
};
use serde::Deserialize;
use serde_json::Value;
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use super::{JwtError, Token};

// The kinds of keys, as their wrapping names them (RFC 5480, RFC 8017, RFC 8410).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const CURVE_P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const CURVE_P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A key of one kind, which verifies by the algorithms of that kind only.
#[derive(Clone)]
pub(crate) enum Key {
    /// A shared secret.
    Secret(Vec<u8>),
    /// An RSA key by its numbers.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// An RSA key in DER (PKCS#1).
    RsaDer(Vec<u8>),
    /// A point on P-256.
    P256(Vec<u8>),
    /// A point on P-384.
    P384(Vec<u8>),
    /// An Ed25519 key.
    Ed25519(Vec<u8>),
}

/// The keys of a service. Keys of kinds that nobody here knows are passed over.
#[derive(Deserialize)]
pub(crate) struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Published {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    /// Whether this key has signed the message.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), JwtError> {
        let verified = match (self, algorithm) {
            (Self::Secret(secret), algorithm) => {
                let digest = mac(algorithm).ok_or(JwtError::Algorithm)?;
                hmac::verify(&hmac::Key::new(digest, secret), message, signature)
            }
            (Self::Rsa { n, e }, algorithm) => {
                let parameters = rsa(algorithm).ok_or(JwtError::Algorithm)?;
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (Self::RsaDer(der), algorithm) => {
                let parameters = rsa(algorithm).ok_or(JwtError::Algorithm)?;
                UnparsedPublicKey::new(parameters, der).verify(message, signature)
            }
            (Self::P256(point), Algorithm::Es256) => {
                by_point(&signature::ECDSA_P256_SHA256_FIXED, point, message, signature)
            }
            (Self::P384(point), Algorithm::Es384) => {
                by_point(&signature::ECDSA_P384_SHA384_FIXED, point, message, signature)
            }
            (Self::Ed25519(public), Algorithm::EdDsa) => {
                by_point(&signature::ED25519, public, message, signature)
            }
            _ => return Err(JwtError::Algorithm),
        };
        verified.map_err(|_| JwtError::Signature)
    }

    /// Whether the key is of the kind that signs so.
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Secret(_) => mac(algorithm).is_some(),
            Self::Rsa { .. } | Self::RsaDer(_) => rsa(algorithm).is_some(),
            Self::P256(_) => algorithm == Algorithm::Es256,
            Self::P384(_) => algorithm == Algorithm::Es384,
            Self::Ed25519(_) => algorithm == Algorithm::EdDsa,
        }
    }

    /// A public key in its wrapping (`SubjectPublicKeyInfo`); none if it is of a kind that nobody here knows.
    pub(crate) fn from_spki(der: &[u8]) -> Option<Self> {
        let wrapped = SubjectPublicKeyInfoRef::try_from(der).ok()?;
        let key = wrapped.subject_public_key.as_bytes()?.to_vec();
        let (kind, curve) = (wrapped.algorithm.oid, wrapped.algorithm.parameters_oid().ok());
        match kind {
            kind if kind == RSA => Some(Self::RsaDer(key)),
            kind if kind == EC && curve == Some(CURVE_P256) => Some(Self::P256(key)),
            kind if kind == EC && curve == Some(CURVE_P384) => Some(Self::P384(key)),
            kind if kind == ED25519 => Some(Self::Ed25519(key)),
            _ => None,
        }
    }

    fn of(published: &Published) -> Option<Self> {
        let decode = |text: &Option<String>| BASE64_URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
        let point = || {
            let mut point = vec![4];
            point.extend(decode(&published.x)?);
            point.extend(decode(&published.y)?);
            Some(point)
        };
        match (published.kty.as_str(), published.crv.as_deref()) {
            ("RSA", _) => Some(Self::Rsa { n: decode(&published.n)?, e: decode(&published.e)? }),
            ("EC", Some("P-256")) => Some(Self::P256(point()?)),
            ("EC", Some("P-384")) => Some(Self::P384(point()?)),
            ("OKP", Some("Ed25519")) => Some(Self::Ed25519(decode(&published.x)?)),
            // A secret that is published is none.
            _ => None,
        }
    }
}

impl KeySet {
    /// The key that a token names; or, where it names none, the only one that fits.
    pub(crate) fn find(&self, token: &Token<'_>) -> Option<Key> {
        let named = token.key_id.as_deref();
        let mut fitting = self
            .keys
            .iter()
            .filter_map(|key| serde_json::from_value::<Published>(key.clone()).ok())
            .filter(|key| key.purpose.as_deref().is_none_or(|purpose| purpose == "sig"))
            .filter(|key| named.is_none_or(|named| key.kid.as_deref() == Some(named)))
            .filter_map(|key| Key::of(&key))
            .filter(|key| key.fits(token.algorithm));
        let first = fitting.next()?;
        (named.is_some() || fitting.next().is_none()).then_some(first)
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::EdDsa => None,
    }
}

fn mac(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::Hs256 => Some(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Some(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

fn by_point(
    algorithm: &'static dyn VerificationAlgorithm,
    public: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), ring::error::Unspecified> {
    UnparsedPublicKey::new(algorithm, public).verify(message, signature)
}
