//! JSON Web Tokens: signatures by ring, claims by the clock. <https://www.rfc-editor.org/rfc/rfc7519>
//!
//! The algorithm is never the token's choice: a key belongs to a family, and whoever verifies names what they accept.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    decode,
    errors::{Error, ErrorKind},
    signature::{self, Verifier},
};
use ring::signature as verification;
use serde_json::{Map, Value};

/// How much another machine's clock may be wrong, in seconds.
const LEEWAY_SECONDS: u64 = 30;
/// How long a token may be, in bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// What a token says.
pub(crate) type Claims = Map<String, Value>;

/// Why a token is not believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JwtError {
    #[error("the token is malformed, or its signature is wrong: {0}")]
    Signature(#[from] Error),
    #[error("the token is too long")]
    TooLong,
    #[error("the claim {0:?} is missing or is not as expected")]
    Claim(&'static str),
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    Early,
}

/// What a token has to say to be believed.
pub(crate) struct Expected<'a> {
    pub(crate) algorithms: &'a [Algorithm],
    pub(crate) issuer: Option<&'a str>,
    /// One of these; where there is none, the token may name no audience.
    pub(crate) audiences: &'a [String],
    /// Whether a token without an end is believed.
    pub(crate) may_be_endless: bool,
}

/// Verifies a token and answers its claims.
pub(crate) fn verify(
    token: &str,
    key: &DecodingKey,
    expected: &Expected<'_>,
    now_ms: u64,
) -> Result<Claims, JwtError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(JwtError::TooLong);
    }
    let mut validation = Validation::new(Algorithm::RS256);
    validation.algorithms = expected.algorithms.to_vec();
    // Claims are checked below, with this server's clock.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims: Claims = decode(token, key, &validation)?.claims;
    check_time(&claims, expected.may_be_endless, now_ms / 1000)?;
    if expected.issuer.is_some_and(|issuer| claims.get("iss").and_then(Value::as_str) != Some(issuer)) {
        return Err(JwtError::Claim("iss"));
    }
    check_audience(&claims, expected.audiences)?;
    Ok(claims)
}

fn check_time(claims: &Claims, may_be_endless: bool, now: u64) -> Result<(), JwtError> {
    // Seconds may have a fraction.
    let time = |name: &'static str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(|seconds| Some(seconds as u64)).ok_or(JwtError::Claim(name)),
    };
    match time("exp")? {
        Some(end) if end.saturating_add(LEEWAY_SECONDS) <= now => return Err(JwtError::Expired),
        None if !may_be_endless => return Err(JwtError::Claim("exp")),
        _ => {}
    }
    if time("nbf")?.is_some_and(|start| start > now.saturating_add(LEEWAY_SECONDS)) {
        return Err(JwtError::Early);
    }
    Ok(())
}

fn check_audience(claims: &Claims, audiences: &[String]) -> Result<(), JwtError> {
    let is_ours =
        |value: &Value| value.as_str().is_some_and(|name| audiences.iter().any(|ours| ours == name));
    let fits = match claims.get("aud") {
        None => audiences.is_empty(),
        Some(Value::Array(names)) => names.iter().any(is_ours),
        Some(name) => is_ours(name),
    };
    if fits { Ok(()) } else { Err(JwtError::Claim("aud")) }
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: sign_nothing,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Lets the token library verify with ring. May be called any number of times.
pub(crate) fn install() {
    let _installed_already = PROVIDER.install_default();
}

fn sign_nothing(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let family = match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => AlgorithmFamily::Hmac,
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512 => AlgorithmFamily::Rsa,
        Algorithm::ES256 | Algorithm::ES384 => AlgorithmFamily::Ec,
        Algorithm::EdDSA => AlgorithmFamily::Ed,
    };
    if key.family() != family {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    Ok(Box::new(RingVerifier { algorithm: *algorithm, key: key.clone() }))
}

struct RingVerifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let right = match self.algorithm {
            Algorithm::HS256 => self.verify_hmac(ring::hmac::HMAC_SHA256, message, signature),
            Algorithm::HS384 => self.verify_hmac(ring::hmac::HMAC_SHA384, message, signature),
            Algorithm::HS512 => self.verify_hmac(ring::hmac::HMAC_SHA512, message, signature),
            Algorithm::RS256 => {
                self.verify_rsa(&verification::RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Algorithm::RS384 => {
                self.verify_rsa(&verification::RSA_PKCS1_2048_8192_SHA384, message, signature)
            }
            Algorithm::RS512 => {
                self.verify_rsa(&verification::RSA_PKCS1_2048_8192_SHA512, message, signature)
            }
            Algorithm::PS256 => self.verify_rsa(&verification::RSA_PSS_2048_8192_SHA256, message, signature),
            Algorithm::PS384 => self.verify_rsa(&verification::RSA_PSS_2048_8192_SHA384, message, signature),
            Algorithm::PS512 => self.verify_rsa(&verification::RSA_PSS_2048_8192_SHA512, message, signature),
            Algorithm::ES256 => self.verify_other(&verification::ECDSA_P256_SHA256_FIXED, message, signature),
            Algorithm::ES384 => self.verify_other(&verification::ECDSA_P384_SHA384_FIXED, message, signature),
            Algorithm::EdDSA => self.verify_other(&verification::ED25519, message, signature),
        };
        right.map_err(|_| signature::Error::new())
    }
}

impl RingVerifier {
    fn verify_hmac(
        &self,
        algorithm: ring::hmac::Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), ring::error::Unspecified> {
        let secret = self.key.try_get_as_bytes().map_err(|_| ring::error::Unspecified)?;
        ring::hmac::verify(&ring::hmac::Key::new(algorithm, secret), message, signature)
    }

    fn verify_rsa(
        &self,
        algorithm: &'static verification::RsaParameters,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), ring::error::Unspecified> {
        match self.key.kind() {
            DecodingKeyKind::SecretOrDer(der) => {
                verification::UnparsedPublicKey::new(algorithm, der).verify(message, signature)
            }
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                verification::RsaPublicKeyComponents { n, e }.verify(algorithm, message, signature)
            }
        }
    }

    fn verify_other(
        &self,
        algorithm: &'static dyn verification::VerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), ring::error::Unspecified> {
        let public = self.key.try_get_as_bytes().map_err(|_| ring::error::Unspecified)?;
        verification::UnparsedPublicKey::new(algorithm, public).verify(message, signature)
    }
}

#[cfg(test)]
mod tests;
