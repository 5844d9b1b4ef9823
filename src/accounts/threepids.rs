//! Email addresses and telephone numbers of users, and the proof that somebody receives what is sent to one.
//!
//! Sending the message is for whoever has a mail server; here is what it says and what comes back.
//! <https://spec.matrix.org/v1.19/client-server-api/#adding-account-administrative-contact-information>

use kith_config::Secret;
use kith_store::{
    Direction, Error, UserSid,
    tables::{
        pushers,
        threepids::{THREEPID_OWNERS, THREEPID_VALIDATIONS, THREEPIDS, ThreepidRecord, ValidationRecord},
    },
};
use subtle::ConstantTimeEq;

use crate::{Accounts, tokens};

/// How long somebody has to confirm an address, in milliseconds.
const VALIDATION_LIFETIME_MS: u64 = 24 * 60 * 60 * 1000;
/// How long an address may be, in bytes.
const ADDRESS_BYTES_MAX: usize = 500;
const SESSION_CHARACTERS: usize = 32;
const TOKEN_CHARACTERS: usize = 32;

/// An address of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threepid {
    /// "email" or "msisdn".
    pub medium: String,
    /// The address.
    pub address: String,
    /// When it was validated, in unix milliseconds.
    pub validated_ms: u64,
    /// When it was added, in unix milliseconds.
    pub added_ms: u64,
}

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThreepidError {
    /// Somebody else has it.
    #[error("the address belongs to another account")]
    InUse,
    /// It is not an address.
    #[error("this is not an address")]
    BadAddress,
    /// The session is unknown, or its secret or token is another.
    #[error("the session or its token is unknown")]
    UnknownSession,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Accounts {
    /// The addresses of a user.
    pub fn list_threepids(&self, user: UserSid) -> Result<Vec<Threepid>, Error> {
        let rows = THREEPIDS.scan(self.read(), &(user,), Direction::Forward);
        rows.map(|row| {
            let ((_, medium, address), record) = row?;
            let ThreepidRecord { validated_ms, added_ms } = record;
            Ok(Threepid { medium, address, validated_ms, added_ms })
        })
        .collect()
    }

    /// Whose address it is.
    pub fn find_threepid_owner(&self, medium: &str, address: &str) -> Result<Option<UserSid>, Error> {
        THREEPID_OWNERS.get(self.read(), &(medium.to_owned(), canonical_address(medium, address)))
    }

    /// Gives a user an address that has been validated.
    pub fn add_threepid(&self, user: UserSid, medium: &str, address: &str) -> Result<(), ThreepidError> {
        let address = checked_address(medium, address)?;
        let owner_key = (medium.to_owned(), address.clone());
        // The address may move between users, so registration's lane guards it, not a user's alone.
        let lane = self.lanes.user(user);
        let shared = self.lanes.registration();
        match THREEPID_OWNERS.get(self.read(), &owner_key)? {
            Some(owner) if owner != user => return Err(ThreepidError::InUse),
            _ => {}
        }
        let mut txn = self.store.begin();
        let record = ThreepidRecord { validated_ms: self.now_ms(), added_ms: self.now_ms() };
        THREEPIDS.put(&mut txn.batch, &(user, medium.to_owned(), address), &record);
        THREEPID_OWNERS.put(&mut txn.batch, &owner_key, &user);
        let committed = self.store.commit(txn)?;
        drop((shared, lane));
        committed.wait_durable()?;
        Ok(())
    }

    /// Takes an address from a user; one they do not have is as good as taken.
    pub fn delete_threepid(&self, user: UserSid, medium: &str, address: &str) -> Result<(), Error> {
        let address = canonical_address(medium, address);
        let key = (user, medium.to_owned(), address.clone());
        let lane = self.lanes.user(user);
        let shared = self.lanes.registration();
        if !THREEPIDS.contains(self.read(), &key)? {
            return Ok(());
        }
        let mut txn = self.store.begin();
        THREEPIDS.delete(&mut txn.batch, &key);
        pushers::delete_of_address(&mut txn, self.read(), user, &address)?;
        THREEPID_OWNERS.delete(&mut txn.batch, &(medium.to_owned(), address));
        let committed = self.store.commit(txn)?;
        drop((shared, lane));
        committed.wait_durable()
    }

    /// Begins to validate an address. Returns the session's id, for the client, and the token, for the message to
    /// the address.
    pub fn begin_validation(
        &self,
        medium: &str,
        address: &str,
        client_secret: &str,
        send_attempt: u64,
    ) -> Result<(String, Secret), ThreepidError> {
        let address = checked_address(medium, address)?;
        let session = self.random.alphanumeric(SESSION_CHARACTERS);
        let token = self.random.alphanumeric(TOKEN_CHARACTERS);
        let record = ValidationRecord {
            client_secret: tokens::hash(client_secret),
            token: tokens::hash(&token),
            medium: medium.to_owned(),
            address,
            send_attempt,
            validated_ms: None,
            expires_ms: self.now_ms().saturating_add(VALIDATION_LIFETIME_MS),
        };
        let mut txn = self.store.begin();
        THREEPID_VALIDATIONS.put(&mut txn.batch, &tokens::hash(&session), &record);
        self.store.commit_durably(txn)?;
        Ok((session, Secret::new(token)))
    }

    /// The token from the message came back.
    pub fn confirm_validation(
        &self,
        session: &str,
        client_secret: &str,
        token: &str,
    ) -> Result<(), ThreepidError> {
        let mut record = self.validation(session, client_secret)?;
        if !bool::from(record.token.ct_eq(&tokens::hash(token))) {
            return Err(ThreepidError::UnknownSession);
        }
        record.validated_ms = Some(self.now_ms());
        let mut txn = self.store.begin();
        THREEPID_VALIDATIONS.put(&mut txn.batch, &tokens::hash(session), &record);
        self.store.commit_durably(txn)?;
        Ok(())
    }

    /// The medium and the address that a session has proved, if it has.
    pub fn validated_threepid(
        &self,
        session: &str,
        client_secret: &str,
    ) -> Result<Option<(String, String)>, ThreepidError> {
        match self.validation(session, client_secret) {
            Ok(record) => Ok(record.validated_ms.map(|_| (record.medium, record.address))),
            Err(ThreepidError::UnknownSession) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn validation(&self, session: &str, client_secret: &str) -> Result<ValidationRecord, ThreepidError> {
        let found = THREEPID_VALIDATIONS.get(self.read(), &tokens::hash(session))?;
        let record = found.filter(|record| record.expires_ms > self.now_ms());
        let record = record.ok_or(ThreepidError::UnknownSession)?;
        if bool::from(record.client_secret.ct_eq(&tokens::hash(client_secret))) {
            Ok(record)
        } else {
            Err(ThreepidError::UnknownSession)
        }
    }
}

/// The one spelling of an address: email addresses are compared without regard to capitals.
pub(crate) fn canonical_address(medium: &str, address: &str) -> String {
    if medium == "email" { address.to_lowercase() } else { address.to_owned() }
}

fn checked_address(medium: &str, address: &str) -> Result<String, ThreepidError> {
    let well_formed = match medium {
        "email" => {
            let parts = address.rsplit_once('@');
            parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
                && !address.contains(|character: char| character.is_whitespace() || character.is_control())
        }
        "msisdn" => !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    if well_formed && address.len() <= ADDRESS_BYTES_MAX {
        Ok(canonical_address(medium, address))
    } else {
        Err(ThreepidError::BadAddress)
    }
}
