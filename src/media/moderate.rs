//! What administrators do with files: look at them, withdraw them, protect them, delete them.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::Range,
};

use kith_store::{
    Direction, Error, UserSid,
    tables::media::{MEDIA, MEDIA_ACCESS, MEDIA_OF, MEDIA_USAGE, MediaRecord, MediaSource, UsageRecord},
};
use ruma::{OwnedUserId, ServerName};

use crate::{Media, MediaKey};

/// How many files of one user are listed.
const LISTED_MAX: usize = 100_000;
/// How many files are changed or deleted in one transaction.
const CHANGED_AT_ONCE_MAX: usize = 500;

/// A file as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The media id.
    pub media_id: String,
    /// What is known of it.
    pub record: MediaRecord,
    /// Who uploaded it, if that was a user of this server.
    pub owner: Option<OwnedUserId>,
    /// Who had it withdrawn.
    pub quarantined_by: Option<OwnedUserId>,
    /// When somebody last looked at it, to the hour, in unix milliseconds.
    pub last_access_ms: Option<u64>,
}

impl Media {
    /// What is known of a file.
    pub fn find_listed(&self, server: &ServerName, media_id: &str) -> Result<Option<Listed>, Error> {
        let Some(key) = self.find_key(server, media_id)? else { return Ok(None) };
        let record = MEDIA.get(self.store.engine(), &key)?;
        record.map(|record| self.describe(key, record)).transpose()
    }

    /// A user's own files, oldest first.
    pub fn list_of(&self, user: UserSid) -> Result<Vec<Listed>, Error> {
        let read = self.store.engine();
        let mut listed = Vec::new();
        for row in MEDIA_OF.scan(read, &user, Direction::Forward).take(LISTED_MAX) {
            let ((_, _, media_id), ()) = row?;
            let key = (self.own_server, media_id);
            if let Some(record) = MEDIA.get(read, &key)? {
                listed.push(self.describe(key, record)?);
            }
        }
        Ok(listed)
    }

    fn describe(&self, key: MediaKey, record: MediaRecord) -> Result<Listed, Error> {
        let name = |user: Option<UserSid>| user.map(|user| self.store.ids().user_id(user)).transpose();
        Ok(Listed {
            owner: name(record.owner)?,
            quarantined_by: name(record.quarantined_by)?,
            last_access_ms: MEDIA_ACCESS.get(self.store.engine(), &key)?,
            media_id: key.1,
            record,
        })
    }

    /// How much everybody has uploaded who has, over all time or in a span of it, in unix milliseconds.
    pub fn usage_of_all(&self, span: Option<Range<u64>>) -> Result<Vec<(UserSid, UsageRecord)>, Error> {
        let read = self.store.engine();
        let Some(span) = span else {
            let rows = MEDIA_USAGE.scan(read, &(), Direction::Forward);
            return rows.filter(|row| row.as_ref().map_or(true, |(_, usage)| usage.files > 0)).collect();
        };
        let mut usage: BTreeMap<UserSid, UsageRecord> = BTreeMap::new();
        for row in MEDIA_OF.scan(read, &(), Direction::Forward) {
            let ((user, came_ms, media_id), ()) = row?;
            if span.contains(&came_ms)
                && let Some(record) = MEDIA.get(read, &(self.own_server, media_id))?
            {
                let usage = usage.entry(user).or_default();
                usage.files += 1;
                usage.bytes += record.size_bytes;
            }
        }
        Ok(usage.into_iter().collect())
    }

    /// Withdraws files, or gives them back (`by` is `None`). Answers how many: what is protected cannot be withdrawn.
    pub fn quarantine(&self, files: &[(&ServerName, &str)], by: Option<UserSid>) -> Result<usize, Error> {
        let mut count = 0;
        for chunk in files.chunks(CHANGED_AT_ONCE_MAX) {
            let mut keys = BTreeSet::new();
            for (server, media_id) in chunk {
                keys.extend(self.find_key(server, media_id)?);
            }
            count += self.write::<usize, Error>(|read, txn, _references| {
                let mut count = 0;
                for key in keys {
                    let Some(mut record) = MEDIA.get(read, &key)? else { continue };
                    if by.is_none() || !record.protected {
                        record.quarantined_by = by;
                        MEDIA.put(&mut txn.batch, &key, &record);
                        count += 1;
                    }
                }
                Ok(count)
            })?;
        }
        Ok(count)
    }

    /// Protects a file from being withdrawn and from expiring, or no longer. False if there is none.
    pub fn protect(&self, server: &ServerName, media_id: &str, protected: bool) -> Result<bool, Error> {
        let Some(key) = self.find_key(server, media_id)? else { return Ok(false) };
        self.write(|read, txn, _references| {
            let Some(mut record) = MEDIA.get(read, &key)? else { return Ok(false) };
            record.protected = protected;
            MEDIA.put(&mut txn.batch, &key, &record);
            Ok(true)
        })
    }

    /// Deletes files of this server's users. Answers which of them there were.
    pub fn delete(&self, media_ids: &[String]) -> Result<Vec<String>, Error> {
        let mut gone = Vec::new();
        for chunk in media_ids.chunks(CHANGED_AT_ONCE_MAX) {
            self.write::<(), Error>(|read, txn, references| {
                let mut files = Vec::new();
                // Named twice a file would be counted twice.
                for media_id in chunk.iter().collect::<BTreeSet<_>>() {
                    let key = (self.own_server, media_id.clone());
                    if let Some(record) = MEDIA.get(read, &key)? {
                        gone.push(media_id.clone());
                        files.push((key, record));
                    }
                }
                Self::delete_records(read, txn, references, &files)
            })?;
        }
        Ok(gone)
    }

    /// Deletes files of this server's users that are larger than so much and that nobody has looked at since; but
    /// not those that are protected or `kept`. Answers which.
    pub fn delete_old(
        &self,
        before_ms: u64,
        larger_than_bytes: u64,
        kept: &HashSet<String>,
    ) -> Result<Vec<String>, Error> {
        let gone = self.clear(&|key, record, seen_ms| {
            record.source == MediaSource::Upload
                && !record.protected
                && record.size_bytes > larger_than_bytes
                && seen_ms < before_ms
                && !kept.contains(&key.1)
        })?;
        Ok(gone.into_iter().map(|(_, media_id)| media_id).collect())
    }

    /// Deletes copies of other servers' files that nobody has looked at since. Answers how many there were.
    pub fn purge_remote(&self, before_ms: u64) -> Result<usize, Error> {
        let gone = self.clear(&|_, record, seen_ms| {
            // What was withdrawn must not come back by being fetched again.
            record.source == MediaSource::Remote
                && !record.protected
                && record.quarantined_by.is_none()
                && seen_ms < before_ms
        })?;
        Ok(gone.len())
    }

    fn find_key(&self, server: &ServerName, media_id: &str) -> Result<Option<MediaKey>, Error> {
        Ok(self.store.ids().find_server(server)?.map(|server| (server, media_id.to_owned())))
    }
}
