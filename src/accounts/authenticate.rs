//! From an access token to a requester.
//! <https://spec.matrix.org/v1.19/client-server-api/#using-access-tokens>
//!
//! Sessions are cached under the hash of their token. A row is read into the cache only in the lane of its user, and
//! whoever changes the user, a device or a token takes it out again in the same lane, so the cache never outlives a
//! change.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use kith_store::{
    Direction, Error, Txn, UserSid,
    tables::{
        accounts::{ACCOUNTS, AccountKind},
        devices::{DEVICE_SEEN, DEVICES, SeenRecord},
        tokens::{ACCESS_TOKENS, AccessTokenRecord, DEVICE_TOKENS, Hash, TokenKind},
    },
};
use quick_cache::sync::Cache;
use ruma::{OwnedDeviceId, UserId};

use crate::{Accounts, Appservice, Requester, TokenHash};

/// How many sessions are cached; each takes some 400 bytes.
const CACHED_SESSIONS_MAX: usize = 50_000;
/// How long a device may be active without that being written down, in milliseconds.
const SEEN_EVERY_MS: u64 = 5 * 60 * 1000;
/// How much of a `User-Agent` is kept, in characters.
const USER_AGENT_CHARACTERS_MAX: usize = 256;

/// What a request shows of who sent it.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The access token.
    pub token: &'a str,
    /// The user an application service wants to act as (`?user_id=`).
    pub as_user: Option<&'a str>,
    /// The device an application service wants to act as (`?device_id=`).
    pub as_device: Option<&'a str>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
    /// What sent it.
    pub user_agent: Option<&'a str>,
    /// Locked accounts may do this too.
    pub may_be_locked: bool,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The token is not one of ours, or no longer.
    #[error("the access token is unknown")]
    UnknownToken,
    /// The token has to be renewed; the device keeps its keys.
    #[error("the access token has expired")]
    Expired,
    /// The account is locked; the device keeps its keys.
    #[error("the account is locked")]
    Locked,
    /// The application service does not own the user it wants to act as.
    #[error("the application service cannot act as this user")]
    NotInNamespace,
    /// The application service has not registered the user it wants to act as.
    #[error("the application service has not registered this user")]
    NotRegistered,
    /// The user has no such device.
    #[error("the user has no such device")]
    UnknownDevice,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The sessions that were used lately.
pub(crate) struct SessionCache(Cache<Hash, Arc<CachedSession>>);

struct CachedSession {
    requester: Requester,
    expires_ms: Option<u64>,
    seen_ms: AtomicU64,
}

impl SessionCache {
    pub(crate) fn new() -> Self {
        Self(Cache::new(CACHED_SESSIONS_MAX))
    }

    pub(crate) fn forget(&self, token: &Hash) {
        self.0.remove(token);
    }
}

impl Accounts {
    /// Who sent a request.
    pub fn authenticate(&self, credentials: &Credentials<'_>) -> Result<Requester, AuthenticateError> {
        let hash = TokenHash::of(credentials.token);
        if let Some(appservice) = self.appservices.find_by_token(&hash) {
            return self.masquerade(appservice, hash, credentials);
        }
        let session = match self.sessions.0.get(&hash.0) {
            Some(session) => session,
            None => self.load_session(hash)?,
        };
        if session.expires_ms.is_some_and(|expires_ms| expires_ms <= self.now_ms()) {
            return Err(AuthenticateError::Expired);
        }
        if session.requester.locked && !credentials.may_be_locked {
            return Err(AuthenticateError::Locked);
        }
        self.note_seen(&session, credentials)?;
        Ok(session.requester.clone())
    }

    /// The user in whose name something is done that they asked for earlier; none if the account can do nothing any
    /// more. No session stands behind it, as the device may be gone.
    pub fn later_requester(&self, user: UserSid, device: Option<&str>) -> Result<Option<Requester>, Error> {
        let Some(account) = ACCOUNTS.get(self.read(), &user)? else { return Ok(None) };
        if account.deactivated || account.locked {
            return Ok(None);
        }
        Ok(Some(Requester {
            user,
            user_id: self.store.ids().user_id(user)?,
            device_id: device.map(OwnedDeviceId::from),
            token: TokenHash::of(""),
            guest: account.kind == AccountKind::Guest,
            admin: account.admin,
            suspended: account.suspended,
            locked: account.locked,
            appservice: None,
            rate_limit_override: account.rate_limit,
        }))
    }

    /// Takes every session of a user out of the cache. The caller holds the user's lane and has committed.
    pub(crate) fn forget_sessions(&self, user: UserSid) -> Result<(), Error> {
        for row in DEVICE_TOKENS.scan(self.read(), &(user,), Direction::Forward) {
            let ((_, _, _, hash), ()) = row?;
            self.sessions.forget(&hash);
        }
        Ok(())
    }

    fn load_session(&self, hash: TokenHash) -> Result<Arc<CachedSession>, AuthenticateError> {
        let found = ACCESS_TOKENS.get(self.read(), &hash.0)?.ok_or(AuthenticateError::UnknownToken)?;
        let _lane = self.lanes.user(found.user);
        let token = ACCESS_TOKENS.get(self.read(), &hash.0)?.ok_or(AuthenticateError::UnknownToken)?;
        let account = ACCOUNTS.get(self.read(), &token.user)?.ok_or(AuthenticateError::UnknownToken)?;
        if account.deactivated {
            return Err(AuthenticateError::UnknownToken);
        }
        self.retire_replaced(hash.0, &token)?;
        let requester = Requester {
            user: token.user,
            user_id: self.store.ids().user_id(token.user)?,
            device_id: token.device.clone().map(OwnedDeviceId::from),
            token: hash,
            guest: account.kind == AccountKind::Guest,
            admin: account.admin,
            suspended: account.suspended,
            locked: account.locked,
            appservice: None,
            rate_limit_override: account.rate_limit,
        };
        let seen_ms = self.last_seen_ms(token.user, token.device.as_deref())?;
        let session = Arc::new(CachedSession {
            requester,
            expires_ms: token.expires_ms,
            seen_ms: AtomicU64::new(seen_ms),
        });
        self.sessions.0.insert(hash.0, Arc::clone(&session));
        Ok(session)
    }

    /// The first use of a renewed token ends the pair before it. Nothing waits for the disk here: if the write is
    /// lost, the old pair is ended by the next use.
    fn retire_replaced(&self, hash: Hash, token: &AccessTokenRecord) -> Result<(), Error> {
        if token.expires_ms.is_some_and(|expires_ms| expires_ms <= self.now_ms()) {
            return Ok(());
        }
        let Some(replaced) = token.replaces else {
            return Ok(());
        };
        let mut txn = self.store.begin();
        self.retire(&mut txn, replaced)?;
        let token = AccessTokenRecord { replaces: None, ..token.clone() };
        ACCESS_TOKENS.put(&mut txn.batch, &hash, &token);
        drop(self.store.commit(txn)?);
        self.sessions.forget(&replaced.access);
        Ok(())
    }

    fn last_seen_ms(&self, user: UserSid, device: Option<&str>) -> Result<u64, Error> {
        let Some(device) = device else {
            return Ok(0);
        };
        let seen = DEVICE_SEEN.get(self.read(), &(user, device.to_owned()))?;
        Ok(seen.map_or(0, |seen| seen.at_ms))
    }

    fn note_seen(&self, session: &CachedSession, credentials: &Credentials<'_>) -> Result<(), Error> {
        let now_ms = self.now_ms();
        let seen_ms = session.seen_ms.load(Ordering::Relaxed);
        if now_ms.saturating_sub(seen_ms) < SEEN_EVERY_MS {
            return Ok(());
        }
        let swapped = session.seen_ms.compare_exchange(seen_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        match (&session.requester.device_id, swapped) {
            (Some(device), Ok(_)) => self.write_seen(session.requester.user, device.as_str(), credentials),
            _ => Ok(()),
        }
    }

    /// Nothing waits for the disk here: what is lost in a crash is when a device was last seen.
    fn write_seen(&self, user: UserSid, device: &str, credentials: &Credentials<'_>) -> Result<(), Error> {
        let user_agent =
            credentials.user_agent.map(|text| text.chars().take(USER_AGENT_CHARACTERS_MAX).collect());
        let seen = SeenRecord {
            at_ms: self.now_ms(),
            address: credentials.address.map(|address| address.to_string()),
            user_agent,
        };
        let mut txn: Txn = self.store.begin();
        DEVICE_SEEN.put(&mut txn.batch, &(user, device.to_owned()), &seen);
        drop(self.store.commit(txn)?);
        Ok(())
    }

    /// An application service acts as its own user, or as one in its namespaces that it has registered.
    /// <https://spec.matrix.org/v1.19/application-service-api/#identity-assertion>
    fn masquerade(
        &self,
        appservice: &Arc<Appservice>,
        token: TokenHash,
        credentials: &Credentials<'_>,
    ) -> Result<Requester, AuthenticateError> {
        let user_id = match credentials.as_user {
            None | Some("") => appservice.sender.clone(),
            Some(text) => UserId::parse(text).map_err(|_| AuthenticateError::NotInNamespace)?,
        };
        if !self.is_local(&user_id) || !appservice.owns_user(&user_id) {
            return Err(AuthenticateError::NotInNamespace);
        }
        let user = self.store.ids().find_user(&user_id)?.ok_or(AuthenticateError::NotRegistered)?;
        let account = ACCOUNTS.get(self.read(), &user)?.ok_or(AuthenticateError::NotRegistered)?;
        if account.deactivated {
            return Err(AuthenticateError::NotRegistered);
        }
        if account.locked && !credentials.may_be_locked {
            return Err(AuthenticateError::Locked);
        }
        let device = credentials.as_device.filter(|device| !device.is_empty());
        if let Some(device) = device {
            if !DEVICES.contains(self.read(), &(user, device.to_owned()))? {
                return Err(AuthenticateError::UnknownDevice);
            }
            if self.now_ms().saturating_sub(self.last_seen_ms(user, Some(device))?) >= SEEN_EVERY_MS {
                self.write_seen(user, device, credentials)?;
            }
        }
        Ok(Requester {
            user,
            user_id,
            device_id: device.map(OwnedDeviceId::from),
            token,
            guest: false,
            admin: account.admin,
            suspended: account.suspended,
            locked: account.locked,
            appservice: Some(Arc::clone(appservice)),
            rate_limit_override: account.rate_limit,
        })
    }

    /// The access tokens among a device's tokens.
    pub(crate) fn is_access(kind: u8) -> bool {
        kind == TokenKind::Access as u8
    }
}
