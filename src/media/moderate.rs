//! What administrators do with files: withdraw them, protect them, look through a user's, delete them.

use kith_store::{
    Direction, Error, UserSid,
    tables::media::{MEDIA, MEDIA_OF, MediaRecord},
};
use ruma::ServerName;

use crate::{Media, MediaKey};

/// A file in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The media id.
    pub media_id: String,
    /// What is known of it.
    pub record: MediaRecord,
}

impl Media {
    /// What is known of a file.
    pub fn find_record(&self, server: &ServerName, media_id: &str) -> Result<Option<MediaRecord>, Error> {
        match self.find_key(server, media_id)? {
            Some(key) => MEDIA.get(self.store.engine(), &key),
            None => Ok(None),
        }
    }

    /// Withdraws a file, or gives it back (`by` is `None`). False if there is none, or it is protected.
    pub fn quarantine(
        &self,
        server: &ServerName,
        media_id: &str,
        by: Option<UserSid>,
    ) -> Result<bool, Error> {
        self.change(server, media_id, |record| {
            let allowed = by.is_none() || !record.protected;
            if allowed {
                record.quarantined_by = by;
            }
            allowed
        })
    }

    /// Protects a file from being withdrawn and from expiring, or no longer. False if there is none.
    pub fn protect(&self, server: &ServerName, media_id: &str, protected: bool) -> Result<bool, Error> {
        self.change(server, media_id, |record| {
            record.protected = protected;
            true
        })
    }

    /// Deletes a file. False if there is none.
    pub fn delete(&self, server: &ServerName, media_id: &str) -> Result<bool, Error> {
        let Some(key) = self.find_key(server, media_id)? else { return Ok(false) };
        self.write(|read, txn, references| {
            let Some(record) = MEDIA.get(read, &key)? else { return Ok(false) };
            Self::delete_records(read, txn, references, &[(key.clone(), record)])?;
            Ok(true)
        })
    }

    /// A user's own files, oldest first: at most `limit` of them, after the first `skip`.
    pub fn list_of(&self, user: UserSid, skip: usize, limit: usize) -> Result<Vec<Listed>, Error> {
        let read = self.store.engine();
        let mut listed = Vec::new();
        for row in MEDIA_OF.scan(read, &user, Direction::Forward).skip(skip).take(limit) {
            let ((_, _, media_id), ()) = row?;
            if let Some(record) = MEDIA.get(read, &(self.own_server, media_id.clone()))? {
                listed.push(Listed { media_id, record });
            }
        }
        Ok(listed)
    }

    fn find_key(&self, server: &ServerName, media_id: &str) -> Result<Option<MediaKey>, Error> {
        Ok(self.store.ids().find_server(server)?.map(|server| (server, media_id.to_owned())))
    }

    fn change(
        &self,
        server: &ServerName,
        media_id: &str,
        change: impl FnOnce(&mut MediaRecord) -> bool,
    ) -> Result<bool, Error> {
        let Some(key) = self.find_key(server, media_id)? else { return Ok(false) };
        self.write(|read, txn, _references| {
            let Some(mut record) = MEDIA.get(read, &key)? else { return Ok(false) };
            let changed = change(&mut record);
            if changed {
                MEDIA.put(&mut txn.batch, &key, &record);
            }
            Ok(changed)
        })
    }
}
