//! What clients keep here for themselves, per user and per user and room.
//! <https://spec.matrix.org/v1.19/client-server-api/#client-config>

use kith_store::{
    Direction, Error, Position, Read, RoomSid, UserSid,
    tables::account_data::{self, ACCOUNT_DATA, AccountDataRecord, GLOBAL},
};

use crate::Accounts;

/// How large one piece of account data may be, in bytes.
const CONTENT_BYTES_MAX: usize = 1024 * 1024;
/// How long the type of account data may be, in bytes.
const KIND_BYTES_MAX: usize = 255;
/// What the server writes itself; clients have other endpoints for it.
const OWNED_BY_SERVER: [&str; 2] = ["m.fully_read", "m.push_rules"];

/// A piece of account data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDataItem {
    /// The room, for data about a room.
    pub room: Option<RoomSid>,
    /// The type.
    pub kind: String,
    /// The content: a JSON object.
    pub content: String,
    /// When it last changed.
    pub position: Position,
}

/// Why account data cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum AccountDataError {
    /// The server writes this type itself.
    #[error("{0} cannot be set through this API")]
    OwnedByServer(String),
    /// It is too large.
    #[error("account data has at most {CONTENT_BYTES_MAX} bytes, and its type at most {KIND_BYTES_MAX}")]
    TooLarge,
    /// It is not a JSON object.
    #[error("account data is a JSON object")]
    NotAnObject,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Accounts {
    /// Writes a piece of account data for a client. `room` is `None` for data that belongs to no room.
    pub fn set_account_data(
        &self,
        user: UserSid,
        room: Option<RoomSid>,
        kind: &str,
        content: &str,
    ) -> Result<(), AccountDataError> {
        if OWNED_BY_SERVER.contains(&kind) {
            return Err(AccountDataError::OwnedByServer(kind.to_owned()));
        }
        if content.len() > CONTENT_BYTES_MAX || kind.len() > KIND_BYTES_MAX {
            return Err(AccountDataError::TooLarge);
        }
        if !content.trim_start().starts_with('{') {
            return Err(AccountDataError::NotAnObject);
        }
        let lane = self.lanes.user(user);
        let mut txn = self.store.begin();
        account_data::put(&mut txn, self.read(), user, room, kind, content.to_owned())?;
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(())
    }

    /// Deletes a piece of account data for a client; what is not there is deleted already.
    pub fn delete_account_data(
        &self,
        user: UserSid,
        room: Option<RoomSid>,
        kind: &str,
    ) -> Result<(), AccountDataError> {
        if OWNED_BY_SERVER.contains(&kind) {
            return Err(AccountDataError::OwnedByServer(kind.to_owned()));
        }
        let lane = self.lanes.user(user);
        let mut txn = self.store.begin();
        account_data::delete(&mut txn, self.read(), user, room, kind)?;
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(())
    }

    /// The content of a piece of account data.
    pub fn find_account_data(
        &self,
        user: UserSid,
        room: Option<RoomSid>,
        kind: &str,
    ) -> Result<Option<String>, Error> {
        account_data::find(self.read(), user, room, kind)
    }

    /// All account data of a user: that which belongs to no room first, then room by room.
    pub fn all_account_data(&self, read: &dyn Read, user: UserSid) -> Result<Vec<AccountDataItem>, Error> {
        items(ACCOUNT_DATA.scan(read, &(user,), Direction::Forward))
    }

    /// The account data of a user about one room, or that which belongs to no room.
    pub fn account_data_of(
        &self,
        read: &dyn Read,
        user: UserSid,
        room: Option<RoomSid>,
    ) -> Result<Vec<AccountDataItem>, Error> {
        items(ACCOUNT_DATA.scan(read, &(user, room.unwrap_or(GLOBAL)), Direction::Forward))
    }

    /// What changed of a user's account data behind `since`, up to and including `until`; each piece once, with its
    /// newest content, in the order of the changes.
    pub fn changed_account_data(
        &self,
        read: &dyn Read,
        user: UserSid,
        since: Position,
        until: Position,
    ) -> Result<Vec<AccountDataItem>, Error> {
        let mut changed = Vec::new();
        for row in account_data::changed(read, user, since, until) {
            let (position, change) = row?;
            let key = (user, change.room, change.kind);
            // A row that is newer by now stands further back in the stream, behind `until`.
            let record = ACCOUNT_DATA.get(read, &key)?.filter(|record| record.position == position);
            changed.extend(record.map(|record| item(key, record)));
        }
        Ok(changed)
    }
}

fn items(
    rows: impl Iterator<Item = Result<((UserSid, RoomSid, String), AccountDataRecord), Error>>,
) -> Result<Vec<AccountDataItem>, Error> {
    let kept = rows.filter(|row| row.as_ref().map_or(true, |(_, record)| !record.is_deleted()));
    kept.map(|row| row.map(|(key, record)| item(key, record))).collect()
}

fn item((_, room, kind): (UserSid, RoomSid, String), record: AccountDataRecord) -> AccountDataItem {
    AccountDataItem {
        room: Some(room).filter(|room| *room != GLOBAL),
        kind,
        content: record.content,
        position: record.position,
    }
}
