//! Registration tokens: whoever holds one may register, so and so often and for so and so long.
//! <https://spec.matrix.org/v1.19/client-server-api/#token-authenticated-registration>

use kith_config::Secret;
use kith_store::{
    Direction, Error, Txn,
    tables::{
        tokens::Hash,
        uia::{REGISTRATION_TOKENS, RegistrationTokenRecord},
    },
};

use crate::{Accounts, tokens};

/// How long a token may be, in characters.
const TOKEN_CHARACTERS_MAX: usize = 64;
/// How long a token is that the server makes up, in characters.
const TOKEN_CHARACTERS: usize = 16;
/// How many tokens there may be.
const TOKENS_MAX: usize = 10_000;

/// A registration token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationToken {
    /// The token itself.
    pub token: Secret,
    /// How often it may be used; without limit if unset.
    pub uses_allowed: Option<u64>,
    /// Registrations with it that are under way.
    pub pending: u64,
    /// Registrations with it that were completed.
    pub completed: u64,
    /// When it expires, in unix milliseconds.
    pub expires_ms: Option<u64>,
}

impl RegistrationToken {
    /// Whether somebody could register with it at this time, in unix milliseconds.
    pub fn is_valid(&self, now_ms: u64) -> bool {
        let in_time = self.expires_ms.is_none_or(|expires_ms| expires_ms > now_ms);
        let uses = self.pending.saturating_add(self.completed);
        in_time && self.uses_allowed.is_none_or(|allowed| uses < allowed)
    }
}

/// Why a registration token cannot be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationTokenError {
    /// There is one like it already.
    #[error("there is such a token already")]
    Exists,
    /// There is none.
    #[error("there is no such token")]
    NotFound,
    /// It is empty, too long, or holds other characters than `A-Za-z0-9._~-`.
    #[error(
        "a token consists of 1 to {TOKEN_CHARACTERS_MAX} characters of A-Z, a-z, 0-9, '.', '_', '~' and '-'"
    )]
    Malformed,
    /// It would have expired already.
    #[error("the token would have expired already")]
    ExpiresInThePast,
    /// There are too many.
    #[error("there are {TOKENS_MAX} tokens already")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Accounts {
    /// Makes a token. Without a text of the administrator's the server makes one up.
    pub fn create_registration_token(
        &self,
        token: Option<&str>,
        uses_allowed: Option<u64>,
        expires_ms: Option<u64>,
    ) -> Result<RegistrationToken, RegistrationTokenError> {
        let token = match token {
            Some(token) if !is_token(token) => return Err(RegistrationTokenError::Malformed),
            Some(token) => token.to_owned(),
            None => self.random.alphanumeric(TOKEN_CHARACTERS),
        };
        self.check_expiry(expires_ms)?;
        let key = tokens::hash(&token);
        let lane = self.lanes.registration();
        if REGISTRATION_TOKENS.contains(self.read(), &key)? {
            return Err(RegistrationTokenError::Exists);
        }
        if REGISTRATION_TOKENS.scan(self.read(), &(), Direction::Forward).take(TOKENS_MAX).count()
            == TOKENS_MAX
        {
            return Err(RegistrationTokenError::TooMany);
        }
        let record = RegistrationTokenRecord { token, uses_allowed, pending: 0, completed: 0, expires_ms };
        let mut txn = self.store.begin();
        REGISTRATION_TOKENS.put(&mut txn.batch, &key, &record);
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(record.into())
    }

    /// All tokens, used up and expired ones included.
    pub fn list_registration_tokens(&self) -> Result<Vec<RegistrationToken>, Error> {
        let rows = REGISTRATION_TOKENS.scan(self.read(), &(), Direction::Forward);
        rows.map(|row| row.map(|(_, record)| record.into())).collect()
    }

    /// One token.
    pub fn find_registration_token(&self, token: &str) -> Result<Option<RegistrationToken>, Error> {
        let record = REGISTRATION_TOKENS.get(self.read(), &tokens::hash(token))?;
        Ok(record.map(RegistrationToken::from))
    }

    /// Changes how often and how long a token may be used; `None` leaves what it was.
    pub fn update_registration_token(
        &self,
        token: &str,
        uses_allowed: Option<Option<u64>>,
        expires_ms: Option<Option<u64>>,
    ) -> Result<RegistrationToken, RegistrationTokenError> {
        self.check_expiry(expires_ms.flatten())?;
        let key = tokens::hash(token);
        let lane = self.lanes.registration();
        let mut record =
            REGISTRATION_TOKENS.get(self.read(), &key)?.ok_or(RegistrationTokenError::NotFound)?;
        record.uses_allowed = uses_allowed.unwrap_or(record.uses_allowed);
        record.expires_ms = expires_ms.unwrap_or(record.expires_ms);
        let mut txn = self.store.begin();
        REGISTRATION_TOKENS.put(&mut txn.batch, &key, &record);
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(record.into())
    }

    /// Removes a token; registrations under way with it end in a refusal.
    pub fn delete_registration_token(&self, token: &str) -> Result<(), RegistrationTokenError> {
        let key = tokens::hash(token);
        let lane = self.lanes.registration();
        if !REGISTRATION_TOKENS.contains(self.read(), &key)? {
            return Err(RegistrationTokenError::NotFound);
        }
        let mut txn = self.store.begin();
        REGISTRATION_TOKENS.delete(&mut txn.batch, &key);
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(())
    }

    /// Whether somebody could register with this token now.
    pub fn is_valid_registration_token(&self, token: &str) -> Result<bool, Error> {
        let token = self.find_registration_token(token)?;
        Ok(token.is_some_and(|token| token.is_valid(self.now_ms())))
    }

    /// Counts one use of a token as under way. `None` if it cannot be used. The caller holds registration's lane.
    pub(crate) fn reserve_registration_token(
        &self,
        txn: &mut Txn,
        token: &str,
    ) -> Result<Option<Hash>, Error> {
        let key = tokens::hash(token);
        match REGISTRATION_TOKENS.get(self.read(), &key)? {
            Some(mut record) if RegistrationToken::from(record.clone()).is_valid(self.now_ms()) => {
                record.pending += 1;
                REGISTRATION_TOKENS.put(&mut txn.batch, &key, &record);
                Ok(Some(key))
            }
            _ => Ok(None),
        }
    }

    /// A use that was under way is over, completed or not. The caller holds registration's lane. False if the token
    /// was removed in the meantime.
    pub(crate) fn settle_registration_token(
        &self,
        txn: &mut Txn,
        key: Hash,
        completed: bool,
    ) -> Result<bool, Error> {
        let Some(mut record) = REGISTRATION_TOKENS.get(self.read(), &key)? else {
            return Ok(false);
        };
        record.pending = record.pending.saturating_sub(1);
        record.completed += u64::from(completed);
        REGISTRATION_TOKENS.put(&mut txn.batch, &key, &record);
        Ok(true)
    }

    fn check_expiry(&self, expires_ms: Option<u64>) -> Result<(), RegistrationTokenError> {
        match expires_ms {
            Some(expires_ms) if expires_ms <= self.now_ms() => Err(RegistrationTokenError::ExpiresInThePast),
            _ => Ok(()),
        }
    }
}

impl From<RegistrationTokenRecord> for RegistrationToken {
    fn from(record: RegistrationTokenRecord) -> Self {
        let RegistrationTokenRecord { token, uses_allowed, pending, completed, expires_ms } = record;
        Self { token: Secret::new(token), uses_allowed, pending, completed, expires_ms }
    }
}

fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    !text.is_empty() && text.len() <= TOKEN_CHARACTERS_MAX && text.bytes().all(allowed)
}
