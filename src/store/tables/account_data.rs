//! `account_data`, `account_data_stream`: what clients keep here for themselves, per user and per user and room.
//!
//! Push rules (`m.push_rules`) and the read marker (`m.fully_read`) are rows like any other; only who writes them
//! differs.

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

/// `(user, room, type) → the data`.
pub static ACCOUNT_DATA: Table<(UserSid, RoomSid, String), AccountDataRecord> =
    Table::new(families::ACCOUNT_DATA);
/// `(user, position) → which row changed there`: every row once, at its latest change; `/sync` reads it.
pub static ACCOUNT_DATA_STREAM: Table<(UserSid, Position), AccountDataChange> =
    Table::new(families::ACCOUNT_DATA_STREAM);

/// The room of data that belongs to no room. Rooms are numbered from 1.
pub const GLOBAL: RoomSid = RoomSid(0);

/// A piece of account data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDataRecord {
    /// When it last changed.
    pub position: Position,
    /// The content: a JSON object. Empty once the data was deleted: the row stays, because clients have to hear of it.
    pub content: String,
}
record!(AccountDataRecord, 1);

impl AccountDataRecord {
    /// Whether the data was deleted.
    pub fn is_deleted(&self) -> bool {
        self.content.is_empty()
    }
}

/// Which piece of account data changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDataChange {
    /// The room, or [`GLOBAL`].
    pub room: RoomSid,
    /// The type.
    pub kind: String,
}
record!(AccountDataChange, 1);

/// Writes a piece of account data with a position and a change of its own. `room` is `None` for global data.
///
/// The caller holds what orders the writers of this user's data.
pub fn put(
    txn: &mut Txn,
    read: &dyn Read,
    user: UserSid,
    room: Option<RoomSid>,
    kind: &str,
    content: String,
) -> Result<Position, Error> {
    let place = room.unwrap_or(GLOBAL);
    let key = (user, place, kind.to_owned());
    if let Some(previous) = ACCOUNT_DATA.get(read, &key)? {
        ACCOUNT_DATA_STREAM.delete(&mut txn.batch, &(user, previous.position));
    }
    let position = txn.position()?;
    ACCOUNT_DATA.put(&mut txn.batch, &key, &AccountDataRecord { position, content });
    let change = AccountDataChange { room: place, kind: kind.to_owned() };
    ACCOUNT_DATA_STREAM.put(&mut txn.batch, &(user, position), &change);
    txn.change(position, ChangeKind::AccountData { user, room });
    Ok(position)
}

/// Deletes a piece of account data, as a change like any other. False if there is none.
///
/// The caller holds what orders the writers of this user's data.
pub fn delete(
    txn: &mut Txn,
    read: &dyn Read,
    user: UserSid,
    room: Option<RoomSid>,
    kind: &str,
) -> Result<bool, Error> {
    if find(read, user, room, kind)?.is_none() {
        return Ok(false);
    }
    put(txn, read, user, room, kind, String::new())?;
    Ok(true)
}

/// The content of a piece of account data.
pub fn find(
    read: &dyn Read,
    user: UserSid,
    room: Option<RoomSid>,
    kind: &str,
) -> Result<Option<String>, Error> {
    let key = (user, room.unwrap_or(GLOBAL), kind.to_owned());
    let record = ACCOUNT_DATA.get(read, &key)?.filter(|record| !record.is_deleted());
    Ok(record.map(|record| record.content))
}

/// Removes everything a user keeps here.
pub fn delete_all(txn: &mut Txn, user: UserSid) {
    ACCOUNT_DATA.delete_prefix(&mut txn.batch, &(user,));
    ACCOUNT_DATA_STREAM.delete_prefix(&mut txn.batch, &(user,));
}

/// What changed of a user's data behind `since`, up to and including `until`, oldest change first.
pub fn changed<'a>(
    read: &'a dyn Read,
    user: UserSid,
    since: Position,
    until: Position,
) -> impl Iterator<Item = Result<(Position, AccountDataChange), Error>> + 'a {
    let rows =
        ACCOUNT_DATA_STREAM.range(read, &(user, since.next()), &(user, until.next()), Direction::Forward);
    rows.map(|row| row.map(|((_, position), change)| (position, change)))
}
