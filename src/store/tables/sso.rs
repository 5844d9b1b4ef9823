//! `sso_logins`, `external_ids`, `user_external_ids`, `login_origins`, `sso_devices`, `sso_sessions`: logging in elsewhere.
//!
//! A person at another service is a pair: the service's id in the configuration, and what the service calls them.

use kith_kv::{Direction, Read};
use serde::{Deserialize, Serialize};

use super::tokens::Hash;
use crate::{Error, Txn, catalog::families, record, sids::UserSid, table::Table};

/// `hash of the state → somebody who has been sent to another service`.
pub static SSO_LOGINS: Table<Hash, SsoLoginRecord> = Table::new(families::SSO_LOGINS);
/// `(provider, subject) → whose it is`.
pub static EXTERNAL_IDS: Table<(String, String), UserSid> = Table::new(families::EXTERNAL_IDS);
/// `(user, provider, subject) → ()`: the same the other way round.
pub static USER_EXTERNAL_IDS: Table<(UserSid, String, String), ()> = Table::new(families::USER_EXTERNAL_IDS);
/// `hash of the login token → where its owner logged in`.
pub static LOGIN_ORIGINS: Table<Hash, OriginRecord> = Table::new(families::LOGIN_ORIGINS);
/// `(user, device id) → where its owner logged in`.
pub static SSO_DEVICES: Table<(UserSid, String), OriginRecord> = Table::new(families::SSO_DEVICES);
/// `(provider, session there, user, device id) → ()`: the same by the session there, which may end.
pub static SSO_SESSIONS: Table<(String, String, UserSid, String), ()> = Table::new(families::SSO_SESSIONS);

/// Somebody who has been sent to another service.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoLoginRecord {
    /// Which service.
    pub provider: String,
    /// Comes back in the id token.
    pub nonce: String,
    /// Shows the service that the code came back to whoever asked for it (PKCE).
    pub verifier: String,
    /// The hash of the secret that the browser keeps.
    pub browser: Hash,
    /// What they want to do.
    pub aim: SsoAim,
    /// When it is too late, in unix milliseconds.
    pub expires_ms: u64,
}
record!(SsoLoginRecord, 1);

/// What somebody wants to do who has been sent to another service. The order of the variants never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SsoAim {
    /// To log in, and to go back to a client there.
    Login {
        /// The client's address.
        redirect_url: String,
    },
    /// To show once more who they are.
    Confirm {
        /// The session of user-interactive authentication.
        session: String,
    },
}

/// Where somebody logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginRecord {
    /// Which service.
    pub provider: String,
    /// The session there, if the service names it.
    pub session: Option<String>,
    /// When the row is of no more use, in unix milliseconds; zero for devices, whose rows end with them.
    pub expires_ms: u64,
}
record!(OriginRecord, 1);

/// Notes where the owner of a device logged in.
pub fn put_device(txn: &mut Txn, user: UserSid, device_id: &str, origin: OriginRecord) {
    if let Some(session) = &origin.session {
        let key = (origin.provider.clone(), session.clone(), user, device_id.to_owned());
        SSO_SESSIONS.put(&mut txn.batch, &key, &());
    }
    SSO_DEVICES.put(&mut txn.batch, &(user, device_id.to_owned()), &OriginRecord { expires_ms: 0, ..origin });
}

/// Forgets where the owner of a device logged in.
pub fn delete_device(txn: &mut Txn, read: &dyn Read, user: UserSid, device_id: &str) -> Result<(), Error> {
    let key = (user, device_id.to_owned());
    let Some(origin) = SSO_DEVICES.get(read, &key)? else {
        return Ok(());
    };
    SSO_DEVICES.delete(&mut txn.batch, &key);
    if let Some(session) = origin.session {
        SSO_SESSIONS.delete(&mut txn.batch, &(origin.provider, session, user, device_id.to_owned()));
    }
    Ok(())
}

/// The devices of a user that logged in at a provider, in one session there if it is named.
pub fn devices_of(
    read: &dyn Read,
    user: UserSid,
    provider: &str,
    session: Option<&str>,
) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for row in SSO_DEVICES.scan(read, &(user,), Direction::Forward) {
        let ((_, device_id), origin) = row?;
        if origin.provider == provider && (session.is_none() || origin.session.as_deref() == session) {
            found.push(device_id);
        }
    }
    Ok(found)
}
