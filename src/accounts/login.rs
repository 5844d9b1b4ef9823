//! Ways to prove who one is, outside of a session: a password, a login token, an application service's word.
//! <https://spec.matrix.org/v1.19/client-server-api/#login>

use std::time::Duration;

use kith_config::Secret;
use kith_store::{
    Direction, Error, Txn, UserSid,
    tables::{
        accounts::{ACCOUNTS, PasswordHash},
        threepids::THREEPID_OWNERS,
        tokens::{Purpose, SHORT_TOKENS, ShortTokenRecord},
    },
};
use ruma::api::client::uiaa::UserIdentifier;

use crate::{
    Accounts, Appservice, Origin, PasswordError,
    threepids::canonical_address,
    tokens::{self, TokenText},
};

/// Why somebody cannot log in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No such user, or the wrong proof; which of both is nobody's business.
    #[error("the user name or what proves it is wrong")]
    Wrong,
    /// The account was closed.
    #[error("the account has been deactivated")]
    Deactivated,
    /// The account is locked.
    #[error("the account is locked")]
    Locked,
    /// The user is outside the application service's namespaces.
    #[error("the user does not belong to the application service")]
    NotInNamespace,
    /// The password could not be compared.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Somebody who has proved who they are, and may have a session.
#[derive(Clone, Debug)]
pub struct Login {
    /// Who.
    pub user: UserSid,
    /// The password that held when they proved it: once another is set, the proof is worth nothing.
    held: Option<Option<PasswordHash>>,
    /// Where they logged in, if it was elsewhere.
    pub(crate) origin: Option<Origin>,
}

impl Login {
    /// Somebody for whom another vouches, whatever the password.
    pub fn vouched(user: UserSid) -> Self {
        Self { user, held: None, origin: None }
    }

    /// Whether the proof still counts for an account that has this password now.
    pub(crate) fn holds(&self, password: Option<&PasswordHash>) -> bool {
        self.held.as_ref().is_none_or(|held| held.as_ref() == password)
    }
}

impl Accounts {
    /// The user whom a login names, if there is one: also the key by which wrong passwords are counted.
    pub fn find_by_identifier(&self, identifier: &UserIdentifier) -> Result<Option<UserSid>, Error> {
        if let UserIdentifier::Matrix(named) = identifier {
            return self.find_by_name(&named.user);
        }
        let Some((medium, address)) = identifier.as_third_party_id() else {
            // Telephone numbers without their country's prefix are not understood.
            return Ok(None);
        };
        let key = (medium.to_string(), canonical_address(medium.as_str(), address));
        THREEPID_OWNERS.get(self.read(), &key)
    }

    /// Whom a user name and a password belong to.
    pub fn login_with_password(
        &self,
        identifier: &UserIdentifier,
        password: &str,
    ) -> Result<Login, LoginError> {
        let user = self.find_by_identifier(identifier)?;
        let account = match user {
            Some(user) => ACCOUNTS.get(self.read(), &user)?.map(|account| (user, account)),
            None => None,
        };
        let Some((user, account)) = account else {
            self.hasher.compare(password, None)?;
            return Err(LoginError::Wrong);
        };
        if account.deactivated {
            return Err(LoginError::Deactivated);
        }
        if account.password.is_none() {
            self.hasher.compare(password, None)?;
            return Err(LoginError::Wrong);
        }
        let held = self.compare_password(user, account.password.as_ref(), password)?;
        let held = held.ok_or(LoginError::Wrong)?;
        if account.locked {
            return Err(LoginError::Locked);
        }
        Ok(Login { user, held: Some(Some(held)), origin: None })
    }

    /// Makes a token with which the user can log in once on another device. Returns how long it is valid.
    pub fn create_login_token(&self, user: UserSid) -> Result<(Secret, Duration), Error> {
        let lifetime = Duration::from_secs(self.settings.sessions.login_token_lifetime_seconds);
        let token = self.create_short_token(Purpose::Login, TokenText::Login, Some(user), lifetime)?;
        Ok((token, lifetime))
    }

    /// Whom a login token belongs to; the token is used up.
    pub fn login_with_token(&self, token: &str) -> Result<Login, LoginError> {
        let record = SHORT_TOKENS.get(self.read(), &(Purpose::Login as u8, tokens::hash(token)))?;
        let user = record.and_then(|record| record.user).ok_or(LoginError::Wrong)?;
        // Read before the token is used up: a new password that comes later undoes the login, and one that came
        // earlier has taken the token away.
        let held = ACCOUNTS.get(self.read(), &user)?.and_then(|account| account.password);
        self.use_up_short_token(Purpose::Login, token)?.ok_or(LoginError::Wrong)?;
        self.check_open(user)?;
        let origin = self.take_origin(&tokens::hash(token))?;
        Ok(Login { user, held: Some(held), origin })
    }

    /// Whom an application service logs in: one of its own users.
    pub fn login_as_appservice(
        &self,
        appservice: &Appservice,
        identifier: &UserIdentifier,
    ) -> Result<Login, LoginError> {
        let UserIdentifier::Matrix(named) = identifier else {
            return Err(LoginError::Wrong);
        };
        let user_id = self.named_user(&named.user).ok_or(LoginError::Wrong)?;
        if !appservice.owns_user(&user_id) {
            return Err(LoginError::NotInNamespace);
        }
        let user = self.store.ids().find_user(&user_id)?.ok_or(LoginError::Wrong)?;
        self.check_open(user)?;
        Ok(Login::vouched(user))
    }

    /// Makes a short-lived token of any purpose.
    pub(crate) fn create_short_token(
        &self,
        purpose: Purpose,
        text: TokenText,
        user: Option<UserSid>,
        lifetime: Duration,
    ) -> Result<Secret, Error> {
        let (token, hash) = tokens::generate(&self.random, text);
        let lifetime_ms = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        let record = ShortTokenRecord { user, expires_ms: self.now_ms().saturating_add(lifetime_ms) };
        let mut txn = self.store.begin();
        SHORT_TOKENS.put(&mut txn.batch, &(purpose as u8, hash), &record);
        self.store.commit_durably(txn)?;
        Ok(token)
    }

    /// Takes a short-lived token away for good; `None` if there is none, it has expired, or somebody was quicker.
    pub(crate) fn use_up_short_token(
        &self,
        purpose: Purpose,
        token: &str,
    ) -> Result<Option<ShortTokenRecord>, Error> {
        let key = (purpose as u8, tokens::hash(token));
        let Some(record) = SHORT_TOKENS.get(self.read(), &key)? else {
            return Ok(None);
        };
        let mut txn = self.store.begin();
        SHORT_TOKENS.require(&mut txn.batch, &key, Some(&record));
        SHORT_TOKENS.delete(&mut txn.batch, &key);
        match self.store.commit_durably(txn) {
            Ok(()) => Ok(Some(record).filter(|record| record.expires_ms > self.now_ms())),
            Err(Error::Conflict) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds the end of all tokens with which a user could still log in to a transaction.
    pub(crate) fn delete_login_tokens(&self, txn: &mut Txn, user: UserSid) -> Result<(), Error> {
        // They live for some minutes and cost a password each, so there are never many.
        for row in SHORT_TOKENS.scan(self.read(), &(Purpose::Login as u8,), Direction::Forward) {
            let (key, record) = row?;
            if record.user == Some(user) {
                SHORT_TOKENS.delete(&mut txn.batch, &key);
            }
        }
        Ok(())
    }

    /// Whether the account is neither closed nor locked.
    pub fn check_open(&self, user: UserSid) -> Result<(), LoginError> {
        let account = ACCOUNTS.get(self.read(), &user)?.ok_or(LoginError::Wrong)?;
        if account.deactivated {
            return Err(LoginError::Deactivated);
        }
        if account.locked {
            return Err(LoginError::Locked);
        }
        Ok(())
    }

    /// A user name as it is, or with small letters: people type capitals where there are none.
    pub fn find_by_name(&self, name: &str) -> Result<Option<UserSid>, Error> {
        for spelling in [name.to_owned(), name.to_ascii_lowercase()] {
            if let Some(user_id) = self.named_user(&spelling)
                && let Some(user) = self.store.ids().find_user(&user_id)?
                && ACCOUNTS.contains(self.read(), &user)?
            {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }
}
