//! Sessions: a device with its tokens, from login to logout.
//! <https://spec.matrix.org/v1.19/client-server-api/#refreshing-access-tokens>

use std::time::Duration;

use kith_config::Secret;
use kith_store::{
    Direction, Error, Txn, UserSid,
    tables::{
        accounts::{ACCOUNTS, AccountRecord},
        devices::{self, DEVICES, DeviceRecord},
        sso::{self, OriginRecord},
        to_device,
        tokens::{
            ACCESS_TOKENS, AccessTokenRecord, DEVICE_TOKENS, Hash, Pair, REFRESH_TOKENS, RefreshTokenRecord,
            TokenKind,
        },
    },
};
use ruma::{OwnedDeviceId, OwnedUserId};

use crate::{
    Accounts, Login, Origin, Requester,
    devices::{DEVICE_ID_BYTES_MAX, shorten_display_name},
    tokens::{self, TokenText},
};

/// How many capital letters and digits a device id has that the server makes up.
const DEVICE_ID_CHARACTERS: usize = 10;

/// The device that somebody logs in on.
#[derive(Clone, Debug, Default)]
pub struct NewDevice<'a> {
    /// Its id, if the client chose one; a device that exists already is logged in again.
    pub device_id: Option<&'a str>,
    /// What to call it, if it is new.
    pub display_name: Option<&'a str>,
    /// Whether the client can renew its tokens.
    pub refresh: bool,
}

/// What a client gets when it logs in or renews its tokens.
#[derive(Clone, Debug)]
pub struct Session {
    /// The user.
    pub user_id: OwnedUserId,
    /// The device; none for tokens that belong to no device.
    pub device_id: Option<OwnedDeviceId>,
    /// Goes with every request.
    pub access_token: Secret,
    /// Is exchanged for a new pair.
    pub refresh_token: Option<Secret>,
    /// How long the access token is valid, if it expires.
    pub expires_in: Option<Duration>,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The refresh token is not one of ours, or no longer.
    #[error("the refresh token is unknown")]
    UnknownToken,
    /// The account was closed.
    #[error("the account has been deactivated")]
    Deactivated,
    /// The account is locked.
    #[error("the account is locked")]
    Locked,
    /// Another password was set since the user proved who they are.
    #[error("the password has been changed")]
    PasswordChanged,
    /// The device id is empty or too long.
    #[error("a device id has between 1 and {DEVICE_ID_BYTES_MAX} bytes")]
    BadDeviceId,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Tokens that a transaction makes.
struct Issued {
    access: Secret,
    refresh: Option<Secret>,
    expires_in: Option<Duration>,
}

impl Accounts {
    /// Logs somebody in on a device.
    pub fn create_session(&self, login: &Login, device: &NewDevice<'_>) -> Result<Session, SessionError> {
        let user = login.user;
        let lane = self.lanes.user(user);
        let account = ACCOUNTS.get(self.read(), &user)?.ok_or(SessionError::Deactivated)?;
        check_usable(&account)?;
        if !login.holds(account.password.as_ref()) {
            return Err(SessionError::PasswordChanged);
        }
        let mut txn = self.store.begin();
        let (session, forgotten) = self.add_session(&mut txn, user, device)?;
        if let Some(device_id) = session.device_id.as_deref() {
            // A device that is logged in again in another way does not end with the session it came from before.
            sso::delete_device(&mut txn, self.read(), user, device_id.as_str())?;
            if let Some(Origin { provider, session }) = login.origin.clone() {
                let origin = OriginRecord { provider, session, expires_ms: 0 };
                sso::put_device(&mut txn, user, device_id.as_str(), origin);
            }
        }
        let committed = self.store.commit(txn)?;
        self.forget_tokens(&forgotten);
        drop(lane);
        committed.wait_durable()?;
        Ok(session)
    }

    /// A token for an administrator who acts as a user, on none of the user's devices.
    pub fn create_token_to_act_as(
        &self,
        user: UserSid,
        expires_ms: Option<u64>,
    ) -> Result<Secret, SessionError> {
        let lane = self.lanes.user(user);
        let account = ACCOUNTS.get(self.read(), &user)?.ok_or(SessionError::Deactivated)?;
        check_usable(&account)?;
        let mut txn = self.store.begin();
        let (access, hash) = tokens::generate(&self.random, TokenText::Access);
        let record = AccessTokenRecord { user, device: None, expires_ms, replaces: None };
        ACCESS_TOKENS.put(&mut txn.batch, &hash, &record);
        index_token(&mut txn, user, None, TokenKind::Access, hash);
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(access)
    }

    /// Exchanges a refresh token for a new pair. The old pair lives until the new one is used, so that a client that
    /// never got the answer can ask again.
    pub fn refresh(&self, refresh_token: &str) -> Result<Session, SessionError> {
        let hash = tokens::hash(refresh_token);
        let found = REFRESH_TOKENS.get(self.read(), &hash)?.ok_or(SessionError::UnknownToken)?;
        let lane = self.lanes.user(found.user);
        let token = REFRESH_TOKENS.get(self.read(), &hash)?.ok_or(SessionError::UnknownToken)?;
        let account = ACCOUNTS.get(self.read(), &token.user)?.ok_or(SessionError::UnknownToken)?;
        check_usable(&account)?;
        let mut txn = self.store.begin();
        let mut forgotten = Vec::new();
        if let Some(replaced) = token.replaces {
            self.retire(&mut txn, replaced)?;
            forgotten.push(replaced.access);
        }
        if let Some(unused) = token.successor {
            let device = token.device.as_deref();
            delete_token(&mut txn, token.user, device, TokenKind::Access, unused.access);
            delete_token(&mut txn, token.user, device, TokenKind::Refresh, unused.refresh);
            forgotten.push(unused.access);
        }
        let replaced = Pair { access: token.access, refresh: hash };
        let issued = self.issue(&mut txn, token.user, token.device.as_deref(), true, Some(replaced));
        let successor = issued.refresh.as_ref().map(|refresh| Pair {
            access: tokens::hash(issued.access.reveal()),
            refresh: tokens::hash(refresh.reveal()),
        });
        let device_id = token.device.clone().map(OwnedDeviceId::from);
        let user = token.user;
        REFRESH_TOKENS.put(&mut txn.batch, &hash, &RefreshTokenRecord { successor, replaces: None, ..token });
        let committed = self.store.commit(txn)?;
        self.forget_tokens(&forgotten);
        drop(lane);
        committed.wait_durable()?;
        Ok(Session {
            user_id: self.store.ids().user_id(user)?,
            device_id,
            access_token: issued.access,
            refresh_token: issued.refresh,
            expires_in: issued.expires_in,
        })
    }

    /// Ends the session of the token that was shown, and its device with it.
    pub fn logout(&self, requester: &Requester) -> Result<(), Error> {
        if let Some(device) = &requester.device_id {
            self.delete_devices(requester.user, &[device.as_str()])?;
            return Ok(());
        }
        if requester.appservice.is_some() {
            return Ok(());
        }
        let lane = self.lanes.user(requester.user);
        let mut txn = self.store.begin();
        delete_token(&mut txn, requester.user, None, TokenKind::Access, requester.token.0);
        let committed = self.store.commit(txn)?;
        self.sessions.forget(&requester.token.0);
        drop(lane);
        committed.wait_durable()
    }

    /// Ends every session of a user; all devices go. Returns them.
    pub fn logout_all(&self, user: UserSid) -> Result<Vec<OwnedDeviceId>, Error> {
        self.logout_others(user, None)
    }

    /// Ends every session of a user except the requester's own, if one is named. Returns the devices that went.
    pub fn logout_others(
        &self,
        user: UserSid,
        except: Option<&Requester>,
    ) -> Result<Vec<OwnedDeviceId>, Error> {
        let lane = self.lanes.user(user);
        let mut txn = self.store.begin();
        let (gone, forgotten) = self.delete_sessions(&mut txn, user, except)?;
        let committed = self.store.commit(txn)?;
        self.forget_tokens(&forgotten);
        drop(lane);
        committed.wait_durable()?;
        Ok(gone)
    }

    /// Adds a device with its tokens to a transaction. Returns also the access tokens that end by that.
    pub(crate) fn add_session(
        &self,
        txn: &mut Txn,
        user: UserSid,
        device: &NewDevice<'_>,
    ) -> Result<(Session, Vec<Hash>), SessionError> {
        let device_id = match device.device_id {
            Some(id) if id.is_empty() || id.len() > DEVICE_ID_BYTES_MAX => {
                return Err(SessionError::BadDeviceId);
            }
            Some(id) => id.to_owned(),
            None => self.random.alphanumeric(DEVICE_ID_CHARACTERS).to_ascii_uppercase(),
        };
        let key = (user, device_id.clone());
        let mut forgotten = Vec::new();
        if DEVICES.contains(self.read(), &key)? {
            forgotten = self.delete_tokens(txn, user, Some(&device_id), None)?;
        } else {
            let display_name = device.display_name.map(shorten_display_name);
            DEVICES.put(&mut txn.batch, &key, &DeviceRecord { display_name, created_ms: self.now_ms() });
            // What was sent to a device of this name while it was being removed is not for the new one.
            to_device::delete_of_device(txn, self.read(), user, &device_id)?;
            devices::mark_devices_changed(txn, self.read(), user, &[&device_id])?;
        }
        let issued = self.issue(txn, user, Some(&device_id), device.refresh, None);
        let session = Session {
            user_id: self.store.ids().user_id(user)?,
            device_id: Some(device_id.into()),
            access_token: issued.access,
            refresh_token: issued.refresh,
            expires_in: issued.expires_in,
        };
        Ok((session, forgotten))
    }

    /// Removes the tokens of a device, or all of a user's tokens, except those of one device. Returns the access
    /// tokens that went.
    pub(crate) fn delete_tokens(
        &self,
        txn: &mut Txn,
        user: UserSid,
        device: Option<&str>,
        except_device: Option<&str>,
    ) -> Result<Vec<Hash>, Error> {
        let rows = match device {
            Some(device) => {
                let prefix = (user, device.to_owned());
                DEVICE_TOKENS.scan(self.read(), &prefix, Direction::Forward).collect::<Result<Vec<_>, _>>()?
            }
            None => {
                DEVICE_TOKENS.scan(self.read(), &(user,), Direction::Forward).collect::<Result<_, _>>()?
            }
        };
        let mut forgotten = Vec::new();
        for (key, ()) in rows {
            let (_, of_device, kind, hash) = &key;
            if except_device.is_some_and(|except| except == of_device) {
                continue;
            }
            if Self::is_access(*kind) {
                ACCESS_TOKENS.delete(&mut txn.batch, hash);
                forgotten.push(*hash);
            } else {
                REFRESH_TOKENS.delete(&mut txn.batch, hash);
            }
            DEVICE_TOKENS.delete(&mut txn.batch, &key);
        }
        Ok(forgotten)
    }

    /// Takes tokens out of the cache. The caller holds the lane of their user and has committed.
    pub(crate) fn forget_tokens(&self, tokens: &[Hash]) {
        for token in tokens {
            self.sessions.forget(token);
        }
    }

    /// Ends a pair whose successor has been used, and lets the successor forget it.
    pub(crate) fn retire(&self, txn: &mut Txn, replaced: Pair) -> Result<(), Error> {
        let Some(old) = REFRESH_TOKENS.get(self.read(), &replaced.refresh)? else {
            return Ok(());
        };
        let device = old.device.as_deref();
        delete_token(txn, old.user, device, TokenKind::Access, replaced.access);
        delete_token(txn, old.user, device, TokenKind::Refresh, replaced.refresh);
        let Some(successor) = old.successor else {
            return Ok(());
        };
        if let Some(access) = ACCESS_TOKENS.get(self.read(), &successor.access)? {
            ACCESS_TOKENS.put(
                &mut txn.batch,
                &successor.access,
                &AccessTokenRecord { replaces: None, ..access },
            );
        }
        if let Some(refresh) = REFRESH_TOKENS.get(self.read(), &successor.refresh)? {
            let refresh = RefreshTokenRecord { replaces: None, ..refresh };
            REFRESH_TOKENS.put(&mut txn.batch, &successor.refresh, &refresh);
        }
        Ok(())
    }

    fn issue(
        &self,
        txn: &mut Txn,
        user: UserSid,
        device: Option<&str>,
        refresh: bool,
        replaces: Option<Pair>,
    ) -> Issued {
        let lifetime = Duration::from_secs(self.settings.sessions.access_token_lifetime_seconds);
        let expires_in = refresh.then_some(lifetime);
        let (access, access_hash) = tokens::generate(&self.random, TokenText::Access);
        let expires_ms = expires_in.map(|lifetime| {
            let lifetime_ms = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
            self.now_ms().saturating_add(lifetime_ms)
        });
        let record = AccessTokenRecord { user, device: device.map(str::to_owned), expires_ms, replaces };
        ACCESS_TOKENS.put(&mut txn.batch, &access_hash, &record);
        index_token(txn, user, device, TokenKind::Access, access_hash);
        let refresh = refresh.then(|| {
            let (refresh, refresh_hash) = tokens::generate(&self.random, TokenText::Refresh);
            let record = RefreshTokenRecord {
                user,
                device: device.map(str::to_owned),
                access: access_hash,
                successor: None,
                replaces,
            };
            REFRESH_TOKENS.put(&mut txn.batch, &refresh_hash, &record);
            index_token(txn, user, device, TokenKind::Refresh, refresh_hash);
            refresh
        });
        Issued { access, refresh, expires_in }
    }
}

fn check_usable(account: &AccountRecord) -> Result<(), SessionError> {
    if account.deactivated {
        return Err(SessionError::Deactivated);
    }
    if account.locked {
        return Err(SessionError::Locked);
    }
    Ok(())
}

fn index_token(txn: &mut Txn, user: UserSid, device: Option<&str>, kind: TokenKind, hash: Hash) {
    DEVICE_TOKENS.put(&mut txn.batch, &token_key(user, device, kind, hash), &());
}

fn delete_token(txn: &mut Txn, user: UserSid, device: Option<&str>, kind: TokenKind, hash: Hash) {
    DEVICE_TOKENS.delete(&mut txn.batch, &token_key(user, device, kind, hash));
    match kind {
        TokenKind::Access => ACCESS_TOKENS.delete(&mut txn.batch, &hash),
        TokenKind::Refresh => REFRESH_TOKENS.delete(&mut txn.batch, &hash),
    }
}

fn token_key(
    user: UserSid,
    device: Option<&str>,
    kind: TokenKind,
    hash: Hash,
) -> (UserSid, String, u8, Hash) {
    (user, device.unwrap_or_default().to_owned(), kind as u8, hash)
}
