//! `org.matrix.login.jwt`: a token that another program has signed names the user.

use kith_accounts::{Login, LoginError, RegisterError};
use kith_config::{Jwt, JwtAlgorithm};
use kith_store::Error;
use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use serde_json::Value;

use crate::{
    OpenError, Sso,
    jwt::{Algorithm, Expected, Key, Token},
};

/// Why a token does not log in.
#[derive(Debug, thiserror::Error)]
pub enum JwtLoginError {
    /// One does not log in so here.
    #[error("there is no such way to log in here")]
    Off,
    /// It is not to be believed.
    #[error("the token is not to be believed: {0}")]
    Token(String),
    /// There is no such user, and none is made.
    #[error("there is no such user")]
    NoAccount,
    /// The account is closed.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The account cannot be made.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What tokens are verified with.
pub(crate) struct JwtLogin {
    key: Key,
    algorithm: Algorithm,
    settings: Jwt,
}

impl JwtLogin {
    pub(crate) fn open(settings: &Jwt) -> Result<Option<Self>, OpenError> {
        let algorithm = match settings.algorithm {
            JwtAlgorithm::Hs256 => Algorithm::Hs256,
            JwtAlgorithm::Rs256 => Algorithm::Rs256,
            JwtAlgorithm::Es256 => Algorithm::Es256,
        };
        let key = match (settings.algorithm, &settings.secret, &settings.public_key) {
            (JwtAlgorithm::Hs256, Some(secret), _) => Key::Secret(secret.reveal().as_bytes().to_vec()),
            (JwtAlgorithm::Rs256 | JwtAlgorithm::Es256, _, Some(path)) => {
                let wrong =
                    |error: &dyn std::fmt::Display| OpenError::Key(format!("{}: {error}", path.display()));
                let der = SubjectPublicKeyInfoDer::from_pem_file(path).map_err(|error| wrong(&error))?;
                let bits = key_bits(der.as_ref()).ok_or_else(|| wrong(&"this is no public key"))?;
                if settings.algorithm == JwtAlgorithm::Rs256 {
                    Key::RsaDer(bits.to_vec())
                } else {
                    Key::P256(bits.to_vec())
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { key, algorithm, settings: settings.clone() }))
    }
}

impl Sso {
    /// Whether one logs in here with a token that another program has signed.
    pub fn takes_jwt(&self) -> bool {
        self.jwt.is_some()
    }

    /// Whom a token names. Reads and writes the store.
    pub fn login_with_jwt(&self, token: &str) -> Result<Login, JwtLoginError> {
        let jwt = self.jwt.as_ref().ok_or(JwtLoginError::Off)?;
        let expected = Expected {
            algorithms: &[jwt.algorithm],
            issuer: jwt.settings.issuer.as_deref(),
            audiences: &jwt.settings.audiences,
            may_be_endless: true,
        };
        let claims =
            Token::read(token).and_then(|token| token.verify(&jwt.key, &expected, self.clock.now_ms()));
        let claims = claims.map_err(|error| JwtLoginError::Token(error.to_string()))?;
        let name = claims.get(&jwt.settings.subject_claim).and_then(Value::as_str);
        let name = name.ok_or_else(|| JwtLoginError::Token("it names nobody".to_owned()))?;
        let user = match self.accounts.find_by_name(name)? {
            Some(user) => user,
            None if jwt.settings.register => {
                let user_id = match self.accounts.register_passwordless(name) {
                    // Somebody else's request was quicker.
                    Err(RegisterError::InUse) => None,
                    other => Some(other?),
                };
                if let Some(user_id) = user_id {
                    tracing::info!(user = %user_id, "an account was made at a first login with a token");
                }
                self.accounts.find_by_name(name)?.ok_or(JwtLoginError::NoAccount)?
            }
            None => return Err(JwtLoginError::NoAccount),
        };
        self.accounts.check_open(user)?;
        Ok(Login::vouched(user))
    }
}

/// The key inside a `SubjectPublicKeyInfo`: a sequence of the algorithm, which the configuration names anyway, and a bit
/// string.
fn key_bits(der: &[u8]) -> Option<&[u8]> {
    let (0x30, inside, _) = element(der)? else { return None };
    let (0x30, _, rest) = element(inside)? else { return None };
    let (0x03, bits, _) = element(rest)? else { return None };
    bits.strip_prefix(&[0])
}

/// The first element's tag and content, and what is behind it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, mut rest) = rest.split_first()?;
    let mut length = usize::from(*first);
    if length >= 0x80 {
        let count = length - 0x80;
        if count == 0 || count > 3 {
            return None;
        }
        let (bytes, behind) = rest.split_at_checked(count)?;
        length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        rest = behind;
    }
    let (content, behind) = rest.split_at_checked(length)?;
    Some((*tag, content, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_its_wrapping() {
        // Sequence { sequence { }, bit string { 0 unused bits, 1 2 3 } }.
        assert_eq!(
            key_bits(&[0x30, 0x08, 0x30, 0x00, 0x03, 0x04, 0x00, 1, 2, 3]),
            Some([1, 2, 3].as_slice())
        );
        for wrong in [
            [].as_slice(),
            &[0x30],
            &[0x30, 0x80],
            &[0x30, 0x84, 1, 1, 1, 1],
            &[0x30, 0x08, 0x30, 0x00, 0x03, 0x04, 0x00, 1],
            &[0x30, 0x04, 0x02, 0x00, 0x03, 0x00],
            &[0x30, 0x05, 0x30, 0x00, 0x03, 0x01, 0x07],
        ] {
            assert_eq!(key_bits(wrong), None, "{wrong:?}");
        }
    }
}
