//! `media`, `media_access`, `media_of`, `media_usage`, `media_pending`, `media_pending_of`, `media_blobs`,
//! `media_orphans`, `media_thumbnails`, `url_previews`: files, what is known of them, and who uses how much.
//!
//! The bytes are not here: a blob is named by its SHA-256 and lies in the data directory or in an object store. Every
//! blob there has a row in `media_blobs`, which counts the media and thumbnails that consist of it.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{ServerSid, UserSid},
    table::Table,
};

/// The SHA-256 of a blob.
pub type BlobHash = [u8; 32];

/// `(server, media id) → what is known of the file`.
pub static MEDIA: Table<(ServerSid, String), MediaRecord> = Table::new(families::MEDIA);
/// `(server, media id) → when somebody last looked at it`, in unix milliseconds; apart from the record, because it is
/// written often.
pub static MEDIA_ACCESS: Table<(ServerSid, String), u64> = Table::new(families::MEDIA_ACCESS);
/// `(owner, when it came, media id) → ()`: a user's own uploads, oldest first.
pub static MEDIA_OF: Table<(UserSid, u64, String), ()> = Table::new(families::MEDIA_OF);
/// `user → how much of theirs is kept`.
pub static MEDIA_USAGE: Table<UserSid, UsageRecord> = Table::new(families::MEDIA_USAGE);
/// `media id → who announced it`: media of this server that is still to be uploaded.
pub static MEDIA_PENDING: Table<String, PendingRecord> = Table::new(families::MEDIA_PENDING);
/// `(owner, media id) → when it expires`, for every row of `media_pending`.
pub static MEDIA_PENDING_OF: Table<(UserSid, String), u64> = Table::new(families::MEDIA_PENDING_OF);
/// `hash → how often the blob is referred to`.
pub static MEDIA_BLOBS: Table<BlobHash, BlobRecord> = Table::new(families::MEDIA_BLOBS);
/// `hash → since when nothing refers to the blob`, in unix milliseconds.
pub static MEDIA_ORPHANS: Table<BlobHash, u64> = Table::new(families::MEDIA_ORPHANS);
/// `(blob that was scaled, form) → the thumbnail`.
pub static MEDIA_THUMBNAILS: Table<(BlobHash, ThumbnailForm), ThumbnailRecord> =
    Table::new(families::MEDIA_THUMBNAILS);
/// `hash of the URL → what was found there`.
pub static URL_PREVIEWS: Table<BlobHash, UrlPreviewRecord> = Table::new(families::URL_PREVIEWS);

/// Width and height as asked for, the method (0 scale, 1 crop), and whether it moves.
pub type ThumbnailForm = (u32, u32, u8, bool);

/// A file, local or remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRecord {
    /// Its bytes.
    pub sha256: BlobHash,
    /// How many they are.
    pub size_bytes: u64,
    /// The content type, as whoever uploaded it said.
    pub content_type: Option<String>,
    /// The file's name, as whoever uploaded it said.
    pub file_name: Option<String>,
    /// The user of this server who uploaded it.
    pub owner: Option<UserSid>,
    /// When it came here, in unix milliseconds.
    pub created_ms: u64,
    /// Where it came from.
    pub source: MediaSource,
    /// The administrator who had it withdrawn: it is kept and not served.
    pub quarantined_by: Option<UserSid>,
    /// It may not be quarantined and does not expire.
    pub protected: bool,
}
record!(MediaRecord, 1);

/// Where a file came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaSource {
    /// A user of this server uploaded it.
    Upload,
    /// It was fetched from its server.
    Remote,
    /// It is the picture of a web page that was previewed.
    Preview,
}

/// How much of a user's media is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// Files.
    pub files: u64,
    /// Their bytes, counted once for each file even where files are equal.
    pub bytes: u64,
}
record!(UsageRecord, 1);

/// An announced upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRecord {
    /// Who may upload it.
    pub owner: UserSid,
    /// Until when, in unix milliseconds.
    pub expires_ms: u64,
}
record!(PendingRecord, 1);

/// A blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRecord {
    /// Its size.
    pub size_bytes: u64,
    /// How many media and thumbnails consist of it. At 0 it has a row in `media_orphans`.
    pub references: u64,
}
record!(BlobRecord, 1);

/// A thumbnail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThumbnailRecord {
    /// Its bytes.
    pub sha256: BlobHash,
    /// How many they are.
    pub size_bytes: u64,
    /// Its content type.
    pub content_type: String,
}
record!(ThumbnailRecord, 1);

/// What was found at a URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrlPreviewRecord {
    /// The URL, which the key only has the hash of.
    pub url: String,
    /// The properties, as JSON.
    pub properties: String,
    /// When the page was fetched, in unix milliseconds.
    pub fetched_ms: u64,
}
record!(UrlPreviewRecord, 1);

#[cfg(test)]
mod tests {
    use kith_kv::{Batch, Engine, memory::MemoryEngine};

    use super::*;
    use crate::{catalog, key::Key, record::Record};

    #[test]
    fn keys_and_records_keep_their_bytes() {
        let key = ([7; 32], (320_u32, 240_u32, 1_u8, true));
        let mut expected = vec![7; 32];
        expected.extend([0, 0, 1, 64, 0, 0, 0, 240, 1, 1]);
        assert_eq!(key.to_bytes(), expected);
        let record = MediaRecord {
            sha256: [1; 32],
            size_bytes: 300,
            content_type: Some("a/b".to_owned()),
            file_name: None,
            owner: Some(UserSid(5)),
            created_ms: 1,
            source: MediaSource::Remote,
            quarantined_by: None,
            protected: true,
        };
        let mut expected = vec![1];
        expected.extend([1; 32]);
        expected.extend([0xac, 2, 1, 3, b'a', b'/', b'b', 0, 1, 5, 1, 1, 0, 1]);
        assert_eq!(record.to_bytes(), expected);
        assert_eq!(MediaRecord::decode(&expected), Some(record));
    }

    #[test]
    fn thumbnails_of_a_blob_lie_together() {
        let engine = MemoryEngine::new(&catalog::specs());
        let mut batch = Batch::new();
        let record = ThumbnailRecord { sha256: [9; 32], size_bytes: 1, content_type: "image/png".to_owned() };
        for (hash, width) in [([1; 32], 32), ([1; 32], 96), ([2; 32], 32)] {
            MEDIA_THUMBNAILS.put(&mut batch, &(hash, (width, width, 1, false)), &record);
        }
        engine.write(batch).expect("writes");
        let mut batch = Batch::new();
        MEDIA_THUMBNAILS.delete_prefix(&mut batch, &[1_u8; 32]);
        engine.write(batch).expect("writes");
        let left = MEDIA_THUMBNAILS.scan(&engine, &(), kith_kv::Direction::Forward);
        assert_eq!(left.map(|row| row.expect("decodes").0.0).collect::<Vec<_>>(), [[2; 32]]);
    }
}
