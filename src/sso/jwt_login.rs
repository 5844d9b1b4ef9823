//! `org.matrix.login.jwt`: a token that another program has signed names the user.

use std::{fmt::Display, path::Path};

use kith_accounts::{ExternalRegistration, Login, LoginError, RegisterError};
use kith_config::Jwt;
use kith_store::{Error, UserSid};
use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use serde_json::Value;

use crate::{
    OpenError, Sso,
    jwt::{Expected, Key, Token},
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
    settings: Jwt,
}

impl JwtLogin {
    /// Reads the key; none if one does not log in so.
    pub(crate) fn open(settings: &Jwt) -> Result<Option<Self>, OpenError> {
        let key = match (settings.algorithm.is_secret(), &settings.secret, &settings.public_key) {
            (true, Some(secret), _) => Key::Secret(secret.reveal().as_bytes().to_vec()),
            (false, _, Some(path)) => read_key(path)?,
            (_, None, None) => return Ok(None),
            (true, None, _) => return Err(OpenError::Key("jwt.algorithm needs jwt.secret".to_owned())),
            (false, _, None) => return Err(OpenError::Key("jwt.algorithm needs jwt.public_key".to_owned())),
        };
        if !key.fits(settings.algorithm) {
            return Err(OpenError::Key("the key is not one for jwt.algorithm".to_owned()));
        }
        Ok(Some(Self { key, settings: settings.clone() }))
    }
}

fn read_key(path: &Path) -> Result<Key, OpenError> {
    let wrong = |error: &dyn Display| OpenError::Key(format!("{}: {error}", path.display()));
    let der = SubjectPublicKeyInfoDer::from_pem_file(path).map_err(|error| wrong(&error))?;
    Key::from_spki(der.as_ref())
        .ok_or_else(|| wrong(&"this is no public key of RSA, P-256, P-384 or Ed25519"))
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
            algorithms: &[jwt.settings.algorithm],
            issuer: jwt.settings.issuer.as_deref(),
            audiences: &jwt.settings.audiences,
            may_be_endless: true,
        };
        let claims =
            Token::read(token).and_then(|token| token.verify(&jwt.key, &expected, self.clock.now_ms()));
        let claims = claims.map_err(|error| JwtLoginError::Token(error.to_string()))?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let name = text(&jwt.settings.subject_claim).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| JwtLoginError::Token("it names nobody".to_owned()))?;
        let user = match self.accounts.find_by_name(name)? {
            Some(user) => user,
            None if jwt.settings.register => {
                let display_name = jwt.settings.display_name_claim.as_deref().and_then(text);
                self.register_by_jwt(name, display_name)?
            }
            None => return Err(JwtLoginError::NoAccount),
        };
        self.accounts.check_open(user)?;
        Ok(Login::vouched(user))
    }

    fn register_by_jwt(&self, name: &str, display_name: Option<&str>) -> Result<UserSid, JwtLoginError> {
        let wish = ExternalRegistration { localpart: name, display_name, ..ExternalRegistration::default() };
        match self.accounts.register_external(&wish) {
            // Somebody else's request was quicker.
            Err(RegisterError::InUse) => {}
            other => {
                tracing::info!(user = %other?.user_id, "an account was made at a first login with a token")
            }
        }
        self.accounts.find_by_name(name)?.ok_or(JwtLoginError::NoAccount)
    }
}
