//! `key_backups`, `key_backup_sessions`: room keys that clients keep here, encrypted by a key that only they have.

use serde::{Deserialize, Serialize};

use crate::{Txn, catalog::families, record, sids::UserSid, table::Table};

/// `(user, version) → the backup`. A deleted one keeps its row, so that its number is never given out again.
pub static KEY_BACKUPS: Table<(UserSid, u64), KeyBackupRecord> = Table::new(families::KEY_BACKUPS);
/// `(user, version, room id, session id) → the session`.
pub static KEY_BACKUP_SESSIONS: Table<(UserSid, u64, String, String), BackupSessionRecord> =
    Table::new(families::KEY_BACKUP_SESSIONS);

/// A backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyBackupRecord {
    /// How it is encrypted.
    pub algorithm: String,
    /// What clients need to know for that: a JSON object.
    pub auth_data: String,
    /// Counts the changes of its sessions.
    pub etag: u64,
    /// How many sessions it holds.
    pub count: u64,
    /// It was deleted.
    pub deleted: bool,
}
record!(KeyBackupRecord, 1);

/// The key of one session, as a client encrypted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupSessionRecord {
    /// Whether the device that stored it got the key from somebody it trusts.
    pub verified: bool,
    /// The first message that the key opens.
    pub first_message_index: u64,
    /// How often the key was handed on.
    pub forwarded_count: u64,
    /// The key, encrypted: a JSON object.
    pub session_data: String,
}
record!(BackupSessionRecord, 1);

/// Removes all backups of a user.
pub fn delete_of_user(txn: &mut Txn, user: UserSid) {
    KEY_BACKUPS.delete_prefix(&mut txn.batch, &(user,));
    KEY_BACKUP_SESSIONS.delete_prefix(&mut txn.batch, &(user,));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{key::Key, record::Record};

    #[test]
    fn golden_bytes() {
        let key = (UserSid(1), 2_u64, "r".to_owned(), "s".to_owned());
        assert_eq!(key.to_bytes(), [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, b'r', 0, 1, b's', 0, 1]);
        let session = BackupSessionRecord {
            verified: true,
            first_message_index: 3,
            forwarded_count: 0,
            session_data: "{}".into(),
        };
        assert_eq!(session.to_bytes(), [1, 1, 3, 0, 2, b'{', b'}']);
        let backup = KeyBackupRecord {
            algorithm: "a".into(),
            auth_data: "{}".into(),
            etag: 1,
            count: 2,
            deleted: false,
        };
        assert_eq!(backup.to_bytes(), [1, 1, b'a', 2, b'{', b'}', 1, 2, 0]);
    }
}
