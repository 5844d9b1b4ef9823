//! Registration by programs that know the shared secret: a nonce, and a MAC over the wish.
//! <https://element-hq.github.io/synapse/latest/admin_api/register_api.html>

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use kith_config::Secret;
use kith_store::{
    Error,
    tables::{accounts::AccountKind, tokens::Purpose},
};
use sha1::Sha1;

use crate::{
    Accounts, NewDevice, RegisterError, Registered, account, register::NewAccount, tokens::TokenText,
};

const NONCE_LIFETIME: Duration = Duration::from_secs(60);
/// The types of users that the admin API knows.
const USER_TYPES: [&str; 2] = ["bot", "support"];

/// A wish for an account by somebody who knows the shared secret.
#[derive(Clone)]
pub struct SharedSecretRegistration<'a> {
    /// A nonce from [`Accounts::create_registration_nonce`].
    pub nonce: &'a str,
    /// The localpart.
    pub username: &'a str,
    /// The password.
    pub password: &'a str,
    /// The display name, if it is not to be the localpart.
    pub display_name: Option<&'a str>,
    /// Whether the user administrates this server.
    pub admin: bool,
    /// "bot" or "support".
    pub user_type: Option<&'a str>,
    /// The MAC, in hexadecimal.
    pub mac: &'a str,
    /// Not to log in.
    pub inhibit_login: bool,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum SharedSecretError {
    /// No shared secret is configured.
    #[error("shared-secret registration is not enabled")]
    Off,
    /// The nonce is unknown, expired or used.
    #[error("unrecognised nonce")]
    BadNonce,
    /// The MAC is another.
    #[error("HMAC incorrect")]
    BadMac,
    /// A name or a password holds what the MAC cannot tell apart.
    #[error("a user name or password may not be empty or hold a NUL character")]
    BadText,
    /// There is no such type of user.
    #[error("invalid user type")]
    BadUserType,
    /// The account cannot be had.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Accounts {
    /// A nonce for one registration.
    pub fn create_registration_nonce(&self) -> Result<Secret, SharedSecretError> {
        self.shared_secret()?;
        Ok(self.create_short_token(Purpose::Nonce, TokenText::Nonce, None, NONCE_LIFETIME)?)
    }

    /// Makes an account for somebody who knows the shared secret. The nonce is used up, whatever becomes of it.
    pub fn register_with_shared_secret(
        &self,
        wish: &SharedSecretRegistration<'_>,
    ) -> Result<Registered, SharedSecretError> {
        let secret = self.shared_secret()?;
        self.use_up_short_token(Purpose::Nonce, wish.nonce)?.ok_or(SharedSecretError::BadNonce)?;
        for text in [wish.username, wish.password] {
            if text.is_empty() || text.contains('\0') {
                return Err(SharedSecretError::BadText);
            }
        }
        if wish.user_type.is_some_and(|user_type| !USER_TYPES.contains(&user_type)) {
            return Err(SharedSecretError::BadUserType);
        }
        let given = decode_hex(wish.mac).ok_or(SharedSecretError::BadMac)?;
        // `verify_slice` takes the same time wherever the difference is.
        mac(secret, wish).verify_slice(&given).map_err(|_| SharedSecretError::BadMac)?;
        let user_id = self.parse_localpart(wish.username).map_err(RegisterError::from)?;
        let mut record = account::new_record(AccountKind::User, self.now_ms());
        record.password = Some(self.hash_any_password(wish.password).map_err(RegisterError::from)?);
        record.admin = wish.admin;
        record.user_type = wish.user_type.map(str::to_owned);
        Ok(self.create_account(NewAccount {
            user_id: &user_id,
            record,
            display_name: wish.display_name.or(Some(user_id.localpart())),
            device: (!wish.inhibit_login).then(NewDevice::default),
            email: None,
            external: None,
            proven: None,
            of_guest: false,
        })?)
    }

    fn shared_secret(&self) -> Result<&Secret, SharedSecretError> {
        self.settings.registration.shared_secret.as_ref().ok_or(SharedSecretError::Off)
    }
}

/// The fields, separated by NUL: nonce, user name, password, "admin" or "notadmin", and the user type if there is one.
fn mac(secret: &Secret, wish: &SharedSecretRegistration<'_>) -> Hmac<Sha1> {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(secret.reveal().as_bytes()).expect("HMAC takes keys of any length");
    let role = if wish.admin { "admin" } else { "notadmin" };
    for (index, field) in [wish.nonce, wish.username, wish.password, role].into_iter().enumerate() {
        if index > 0 {
            mac.update(b"\0");
        }
        mac.update(field.as_bytes());
    }
    if let Some(user_type) = wish.user_type {
        mac.update(b"\0");
        mac.update(user_type.as_bytes());
    }
    mac
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
