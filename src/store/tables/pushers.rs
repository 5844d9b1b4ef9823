//! `pushers`, `pusher_keys`, `pusher_backlogs`, `pusher_mails`: where users want to be told of events while no client of theirs looks.

use kith_kv::{Direction, Read};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Txn,
    catalog::families,
    changes::ChangeKind,
    record,
    sids::{Position, RoomSid, UserSid},
    table::Table,
};

/// What names a pusher: the user, the app id, the push key.
pub type PusherKey = (UserSid, String, String);

/// `(user, app id, push key) → the pusher`.
pub static PUSHERS: Table<PusherKey, PusherRecord> = Table::new(families::PUSHERS);
/// `(app id, push key, user) → ()`: who else has set the same pusher.
pub static PUSHER_KEYS: Table<(String, String, UserSid), ()> = Table::new(families::PUSHER_KEYS);
/// `(user, app id, push key) → how far the pusher has come`: only for those whose gateway could not be reached.
pub static PUSHER_BACKLOGS: Table<PusherKey, BacklogRecord> = Table::new(families::PUSHER_BACKLOGS);

/// `(user, app id, push key) → what was mailed`: a row for each pusher that writes mails.
pub static PUSHER_MAILS: Table<PusherKey, MailsRecord> = Table::new(families::PUSHER_MAILS);

/// How a user is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PusherKind {
    /// By requests to a push gateway.
    Http,
    /// By e-mail.
    Email,
}

/// A pusher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PusherRecord {
    /// How the user is told.
    pub kind: PusherKind,
    /// What the application calls itself.
    pub app_display_name: String,
    /// What the device calls itself.
    pub device_display_name: String,
    /// Which rules it follows; kept for clients, there is one set only.
    pub profile_tag: Option<String>,
    /// The language the user reads.
    pub lang: String,
    /// What the client gave for the pusher's kind: a JSON object.
    pub data: String,
    /// Whether anything is sent.
    pub enabled: bool,
    /// The device that set it and with which it goes; none where it stays when the user logs out.
    pub device: Option<String>,
    /// When it was last changed, in unix milliseconds.
    pub updated_ms: u64,
    /// Where it was switched on: what happened before is not told.
    pub since: Position,
}
record!(PusherRecord, 1);

/// How far a pusher has come whose gateway could not be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BacklogRecord {
    /// Everything up to here has been told.
    pub cursor: Position,
    /// How long was waited after the last failure, in milliseconds.
    pub interval_ms: u64,
    /// When it is tried again, in unix milliseconds.
    pub retry_at_ms: u64,
}
record!(BacklogRecord, 1);

/// What a pusher has mailed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailsRecord {
    /// Whoever knows it may remove the pusher: it is in the mails.
    pub secret: String,
    /// Everything up to here has been mailed, or was read before it was.
    pub cursor: Position,
    /// When the next mail is due, in unix milliseconds, if there is something to tell.
    pub due_ms: Option<u64>,
    /// How long was waited after the last failure, in milliseconds.
    pub interval_ms: u64,
    /// The rooms that mails were about lately.
    pub rooms: Vec<MailedRecord>,
}
record!(MailsRecord, 1);

/// A room that a mail was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailedRecord {
    /// The room.
    pub room: RoomSid,
    /// When, in unix milliseconds.
    pub at_ms: u64,
    /// How long it stays silent from then on, in milliseconds.
    pub pause_ms: u64,
}

/// Writes a pusher and announces it. Where `since` is the start, it becomes where the pusher is announced.
pub fn put(txn: &mut Txn, key: &PusherKey, record: &PusherRecord) -> Result<(), Error> {
    let position = announce(txn, key.0)?;
    let since = if record.since == Position::START { position } else { record.since };
    PUSHERS.put(&mut txn.batch, key, &PusherRecord { since, ..record.clone() });
    PUSHER_KEYS.put(&mut txn.batch, &(key.1.clone(), key.2.clone(), key.0), &());
    Ok(())
}

/// Removes a pusher and announces it.
pub fn delete(txn: &mut Txn, key: &PusherKey) -> Result<(), Error> {
    PUSHERS.delete(&mut txn.batch, key);
    PUSHER_KEYS.delete(&mut txn.batch, &(key.1.clone(), key.2.clone(), key.0));
    PUSHER_BACKLOGS.delete(&mut txn.batch, key);
    PUSHER_MAILS.delete(&mut txn.batch, key);
    announce(txn, key.0)?;
    Ok(())
}

/// The pushers of a user.
pub fn list(read: &dyn Read, user: UserSid) -> Result<Vec<(PusherKey, PusherRecord)>, Error> {
    PUSHERS.scan(read, &(user,), Direction::Forward).collect()
}

/// Removes the pushers that a device has set.
pub fn delete_of_device(txn: &mut Txn, read: &dyn Read, user: UserSid, device_id: &str) -> Result<(), Error> {
    delete_where(txn, read, user, |_, record| record.device.as_deref() == Some(device_id))
}

/// Removes every pusher of a user.
pub fn delete_of_user(txn: &mut Txn, read: &dyn Read, user: UserSid) -> Result<(), Error> {
    delete_where(txn, read, user, |_, _| true)
}

/// Removes the pushers that write to an e-mail address.
pub fn delete_of_address(txn: &mut Txn, read: &dyn Read, user: UserSid, address: &str) -> Result<(), Error> {
    delete_where(txn, read, user, |key, record| {
        record.kind == PusherKind::Email && key.2.to_lowercase() == address
    })
}

fn delete_where(
    txn: &mut Txn,
    read: &dyn Read,
    user: UserSid,
    goes: impl Fn(&PusherKey, &PusherRecord) -> bool,
) -> Result<(), Error> {
    for (key, record) in list(read, user)? {
        if goes(&key, &record) {
            delete(txn, &key)?;
        }
    }
    Ok(())
}

fn announce(txn: &mut Txn, user: UserSid) -> Result<Position, Error> {
    let position = txn.position()?;
    txn.change(position, ChangeKind::Pushers { user });
    Ok(position)
}
