//! `/room_keys`: backups of room keys. Clients encrypt them; the server keeps the best copy of each and counts.
//! <https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups>

use std::collections::BTreeMap;

use kith_store::{
    Direction, Error, Read, UserSid,
    tables::key_backups::{BackupSessionRecord, KEY_BACKUP_SESSIONS, KEY_BACKUPS, KeyBackupRecord},
};
use ruma::{OwnedRoomId, RoomId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::E2ee;

/// How long the data of a session may be, in bytes of JSON.
const SESSION_BYTES_MAX: usize = 64 << 10;
/// How long the id of a session may be, in bytes.
const SESSION_ID_BYTES_MAX: usize = 255;
/// How many sessions one backup holds.
const SESSIONS_MAX: u64 = 2_000_000;
/// How long what clients need to know about a backup may be, in bytes of JSON.
const AUTH_DATA_BYTES_MAX: usize = 64 << 10;
/// How long the name of an algorithm may be, in bytes.
const ALGORITHM_BYTES_MAX: usize = 255;

/// The data of sessions by room and session id.
pub type Sessions = BTreeMap<OwnedRoomId, BTreeMap<String, Box<RawValue>>>;

/// A session as it is stored: user, version, room and session id, and the session.
type SessionRow = ((UserSid, u64, String, String), BackupSessionRecord);

/// A backup as clients see it.
#[derive(Debug, Serialize)]
pub struct Backup {
    /// How it is encrypted.
    pub algorithm: String,
    /// What clients need to know for that.
    pub auth_data: Box<RawValue>,
    /// How many sessions it holds.
    pub count: u64,
    /// Differs whenever its sessions do.
    pub etag: String,
    /// Its name.
    pub version: String,
}

/// Where a backup stands after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackupState {
    /// Differs whenever its sessions do.
    pub etag: String,
    /// How many sessions it holds.
    pub count: u64,
}

/// What a client says about a backup that it makes or changes.
#[derive(Debug, Deserialize)]
pub struct BackupUpdate {
    /// How it is encrypted.
    pub algorithm: String,
    /// What clients need to know for that.
    pub auth_data: Box<RawValue>,
    /// Its name, once more.
    #[serde(default)]
    pub version: Option<String>,
}

/// Why a backup is not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no such backup.
    #[error("there is no such backup")]
    NotFound,
    /// Only the newest backup takes keys.
    #[error("this is not the current backup")]
    WrongVersion {
        /// The newest one.
        current: String,
    },
    /// Something is not what the specification says.
    #[error("{0}")]
    Malformed(String),
    /// The algorithm of a backup never changes, nor does its name.
    #[error("{0}")]
    Mismatch(&'static str),
    /// The backup or a key is too large.
    #[error("{0}")]
    TooLarge(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The data of one session, as far as the server looks at it.
#[derive(Deserialize, Serialize)]
struct Session {
    first_message_index: u64,
    forwarded_count: u64,
    is_verified: bool,
    session_data: Box<RawValue>,
}

impl E2ee {
    /// Begins a backup, which becomes the current one. Returns its name.
    pub fn create_backup(&self, user: UserSid, new: &BackupUpdate) -> Result<String, BackupError> {
        check_update(new)?;
        let _lane = self.accounts.lane(user);
        let newest = KEY_BACKUPS.scan(self.read(), &(user,), Direction::Backward).next().transpose()?;
        let version = newest.map_or(0, |((_, version), _)| version) + 1;
        let record = KeyBackupRecord {
            algorithm: new.algorithm.clone(),
            auth_data: new.auth_data.get().to_owned(),
            etag: 0,
            count: 0,
            deleted: false,
        };
        let mut txn = self.store.begin();
        KEY_BACKUPS.put(&mut txn.batch, &(user, version), &record);
        self.store.commit_durably(txn)?;
        Ok(version.to_string())
    }

    /// A backup, or the current one if none is named.
    pub fn backup(&self, user: UserSid, version: Option<&str>) -> Result<Backup, BackupError> {
        let (version, record) = match version {
            Some(version) => self.find_backup(self.read(), user, version)?,
            None => self.current_backup(user)?.ok_or(BackupError::NotFound)?,
        };
        let corrupt = |_| Error::Corrupt { table: "key_backups", what: "auth_data" };
        Ok(Backup {
            algorithm: record.algorithm,
            auth_data: RawValue::from_string(record.auth_data).map_err(corrupt)?,
            count: record.count,
            etag: record.etag.to_string(),
            version: version.to_string(),
        })
    }

    /// Changes what clients need to know about a backup.
    pub fn update_backup(
        &self,
        user: UserSid,
        version: &str,
        update: &BackupUpdate,
    ) -> Result<(), BackupError> {
        check_update(update)?;
        if update.version.as_deref().is_some_and(|named| named != version) {
            return Err(BackupError::Mismatch("the version in the body is not the one in the path"));
        }
        let _lane = self.accounts.lane(user);
        let (version, record) = self.find_backup(self.read(), user, version)?;
        if record.algorithm != update.algorithm {
            return Err(BackupError::Mismatch("the algorithm of a backup cannot change"));
        }
        let mut txn = self.store.begin();
        let record = KeyBackupRecord { auth_data: update.auth_data.get().to_owned(), ..record };
        KEY_BACKUPS.put(&mut txn.batch, &(user, version), &record);
        Ok(self.store.commit_durably(txn)?)
    }

    /// Deletes a backup with all its sessions. To delete it again changes nothing.
    pub fn delete_backup(&self, user: UserSid, version: &str) -> Result<(), BackupError> {
        let version: u64 = version.parse().map_err(|_| BackupError::NotFound)?;
        let _lane = self.accounts.lane(user);
        let record = KEY_BACKUPS.get(self.read(), &(user, version))?.ok_or(BackupError::NotFound)?;
        if record.deleted {
            return Ok(());
        }
        let mut txn = self.store.begin();
        KEY_BACKUP_SESSIONS.delete_prefix(&mut txn.batch, &(user, version));
        let record = KeyBackupRecord { auth_data: "{}".to_owned(), count: 0, deleted: true, ..record };
        KEY_BACKUPS.put(&mut txn.batch, &(user, version), &record);
        Ok(self.store.commit_durably(txn)?)
    }

    /// Puts sessions into the current backup. Where there is a better copy of one already, that stays.
    pub fn put_backup_sessions(
        &self,
        user: UserSid,
        version: &str,
        sessions: &Sessions,
    ) -> Result<BackupState, BackupError> {
        let mut new = Vec::new();
        for (room_id, sessions) in sessions {
            for (session_id, session) in sessions {
                new.push((
                    room_id.to_string(),
                    session_id.clone(),
                    check_session(session_id, session.get())?,
                ));
            }
        }
        let lane = self.accounts.lane(user);
        let Some((current, mut record)) = self.current_backup(user)? else {
            return Err(BackupError::NotFound);
        };
        if current.to_string() != version {
            return Err(BackupError::WrongVersion { current: current.to_string() });
        }
        let mut txn = self.store.begin();
        let mut changed = false;
        for (room_id, session_id, session) in new {
            let key = (user, current, room_id, session_id);
            let known = KEY_BACKUP_SESSIONS.get(self.read(), &key)?;
            if known.as_ref().is_some_and(|known| !is_better(&session, known)) {
                continue;
            }
            record.count += u64::from(known.is_none());
            KEY_BACKUP_SESSIONS.put(&mut txn.batch, &key, &session);
            changed = true;
        }
        if record.count > SESSIONS_MAX {
            return Err(BackupError::TooLarge("the backup holds too many keys"));
        }
        if changed {
            record.etag += 1;
            KEY_BACKUPS.put(&mut txn.batch, &(user, current), &record);
        }
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(state(&record))
    }

    /// The sessions of a backup: all, those of a room, or one.
    pub fn backup_sessions(
        &self,
        user: UserSid,
        version: &str,
        room_id: Option<&RoomId>,
        session_id: Option<&str>,
    ) -> Result<Sessions, BackupError> {
        let view = self.store.read();
        let (version, _) = self.find_backup(&*view, user, version)?;
        let mut sessions = Sessions::new();
        for row in self.scan_sessions(&*view, user, version, room_id, session_id) {
            let ((_, _, room_id, session_id), session) = row?;
            let corrupt = |what| Error::Corrupt { table: "key_backup_sessions", what };
            let room_id = RoomId::parse(room_id).map_err(|_| corrupt("room id"))?;
            let data = shown(session).map_err(|_| corrupt("session"))?;
            sessions.entry(room_id).or_default().insert(session_id, data);
        }
        Ok(sessions)
    }

    /// Deletes sessions of a backup: all, those of a room, or one.
    pub fn delete_backup_sessions(
        &self,
        user: UserSid,
        version: &str,
        room_id: Option<&RoomId>,
        session_id: Option<&str>,
    ) -> Result<BackupState, BackupError> {
        let lane = self.accounts.lane(user);
        let (version, mut record) = self.find_backup(self.read(), user, version)?;
        let mut txn = self.store.begin();
        let mut deleted = 0;
        for row in self.scan_sessions(self.read(), user, version, room_id, session_id) {
            KEY_BACKUP_SESSIONS.delete(&mut txn.batch, &row?.0);
            deleted += 1;
        }
        if deleted > 0 {
            record.count = record.count.saturating_sub(deleted);
            record.etag += 1;
            KEY_BACKUPS.put(&mut txn.batch, &(user, version), &record);
        }
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(state(&record))
    }

    fn scan_sessions<'a>(
        &self,
        read: &'a dyn Read,
        user: UserSid,
        version: u64,
        room_id: Option<&RoomId>,
        session_id: Option<&str>,
    ) -> Box<dyn Iterator<Item = Result<SessionRow, Error>> + 'a> {
        let room_id = room_id.map(|room_id| room_id.to_string());
        match (room_id, session_id) {
            (Some(room_id), Some(session_id)) => {
                let key = (user, version, room_id, session_id.to_owned());
                Box::new(KEY_BACKUP_SESSIONS.scan(read, &key, Direction::Forward))
            }
            (Some(room_id), None) => {
                Box::new(KEY_BACKUP_SESSIONS.scan(read, &(user, version, room_id), Direction::Forward))
            }
            (None, _) => Box::new(KEY_BACKUP_SESSIONS.scan(read, &(user, version), Direction::Forward)),
        }
    }

    fn find_backup(
        &self,
        read: &dyn Read,
        user: UserSid,
        version: &str,
    ) -> Result<(u64, KeyBackupRecord), BackupError> {
        let number: u64 = version.parse().map_err(|_| BackupError::NotFound)?;
        let record = KEY_BACKUPS.get(read, &(user, number))?.filter(|record| !record.deleted);
        Ok((number, record.ok_or(BackupError::NotFound)?))
    }

    fn current_backup(&self, user: UserSid) -> Result<Option<(u64, KeyBackupRecord)>, Error> {
        for row in KEY_BACKUPS.scan(self.read(), &(user,), Direction::Backward) {
            let ((_, version), record) = row?;
            if !record.deleted {
                return Ok(Some((version, record)));
            }
        }
        Ok(None)
    }
}

fn check_update(update: &BackupUpdate) -> Result<(), BackupError> {
    if update.algorithm.is_empty() || update.algorithm.len() > ALGORITHM_BYTES_MAX {
        return Err(BackupError::Malformed("the algorithm has no acceptable name".to_owned()));
    }
    if !update.auth_data.get().starts_with('{') {
        return Err(BackupError::Malformed("auth_data is no object".to_owned()));
    }
    if update.auth_data.get().len() > AUTH_DATA_BYTES_MAX {
        return Err(BackupError::TooLarge("auth_data is too large"));
    }
    Ok(())
}

fn check_session(session_id: &str, text: &str) -> Result<BackupSessionRecord, BackupError> {
    if text.len() > SESSION_BYTES_MAX || session_id.len() > SESSION_ID_BYTES_MAX {
        return Err(BackupError::TooLarge("a key of the backup is too large"));
    }
    let session: Session = serde_json::from_str(text)
        .map_err(|error| BackupError::Malformed(format!("the key of session {session_id:?}: {error}")))?;
    if !session.session_data.get().starts_with('{') {
        return Err(BackupError::Malformed(format!("the data of session {session_id:?} is no object")));
    }
    Ok(BackupSessionRecord {
        verified: session.is_verified,
        first_message_index: session.first_message_index,
        forwarded_count: session.forwarded_count,
        session_data: session.session_data.get().to_owned(),
    })
}

/// Whether a copy of a session's key takes the place of another: it is verified and the other is not, or it opens
/// earlier messages, or it went through fewer hands; in this order.
/// <https://spec.matrix.org/v1.19/client-server-api/#backing-up-keys>
fn is_better(new: &BackupSessionRecord, known: &BackupSessionRecord) -> bool {
    if new.verified != known.verified {
        return new.verified;
    }
    (new.first_message_index, new.forwarded_count) < (known.first_message_index, known.forwarded_count)
}

fn shown(session: BackupSessionRecord) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::value::to_raw_value(&Session {
        first_message_index: session.first_message_index,
        forwarded_count: session.forwarded_count,
        is_verified: session.verified,
        session_data: RawValue::from_string(session.session_data)?,
    })
}

fn state(record: &KeyBackupRecord) -> BackupState {
    BackupState { etag: record.etag.to_string(), count: record.count }
}
