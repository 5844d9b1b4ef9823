//! `[media]` and `[media_s3]`: files that people send, and where they are kept.

use crate::Secret;
use serde::{Deserialize, Serialize};

/// Files that people send: pictures, voice messages, avatars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// "files": in `media/` below data_dir. "s3": in the bucket of `[media_s3]`. What was stored in one place is
    /// not looked for in the other.
    pub storage: MediaStorage,

    /// Bytes of one upload. Clients are told. A reverse proxy has to let as much pass.
    pub upload_bytes_max: u64,

    /// Bytes of all uploads of one user together. 0: no limit.
    pub user_bytes_max: u64,

    /// How many files a user may announce and not have uploaded yet.
    pub pending_uploads_max: usize,

    /// How long an announced file may take to be uploaded, in seconds.
    pub pending_upload_lifetime_seconds: u64,

    /// Bytes of one file of another server; larger ones are not fetched.
    pub remote_bytes_max: u64,

    /// How long fetching a file from another server may take, in milliseconds.
    pub remote_timeout_ms: u64,

    /// Days after which copies of other servers' files are deleted when nobody has looked at them. They are
    /// fetched again when somebody does. 0: never.
    pub remote_retention_days: u64,

    /// Days after which files of this server's own users are deleted when nobody has looked at them; they are gone
    /// then. 0: never.
    pub local_retention_days: u64,

    /// Pixels of a picture that thumbnails are made of; larger ones have none. Each pixel takes four bytes of
    /// memory while its thumbnail is made.
    pub image_pixels_max: u64,

    /// How many thumbnails are made at the same time.
    pub thumbnails_at_once_max: usize,

    /// Files that came before this moment, in milliseconds since 1970, are also served without an access token,
    /// under the old paths that the specification has frozen. 0: none are. A moment that is still to come leaves the
    /// old paths open to everybody, for files of other servers too.
    pub legacy_media_before_ms: u64,
}

/// Where files are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaStorage {
    /// In the data directory.
    Files,
    /// In an object store that speaks S3.
    S3,
}

/// The object store that keeps media when `media.storage` is "s3": Amazon's, MinIO, Garage, Ceph and others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaS3 {
    /// The bucket. It must exist.
    ///
    /// Example: "kith-media"
    pub bucket: Option<String>,

    /// The region.
    ///
    /// Example: "eu-central-1"
    pub region: Option<String>,

    /// The store's URL, for all but Amazon's own.
    ///
    /// Example: "https://minio.example.org:9000"
    pub endpoint: Option<String>,

    /// The name of the access key. Without it the role of the machine is used.
    ///
    /// Example: "AKIAIOSFODNN7EXAMPLE"
    pub access_key_id: Option<String>,

    /// The secret that goes with it.
    ///
    /// Example: "secret"
    pub secret_access_key: Option<Secret>,

    /// What the names of all objects begin with, so that a bucket can be shared.
    pub prefix: String,

    /// The bucket is a part of the host's name instead of the path.
    pub virtual_hosted_style: bool,
}

impl Default for Media {
    fn default() -> Media {
        Media {
            storage: MediaStorage::Files,
            upload_bytes_max: 50 * 1024 * 1024,
            user_bytes_max: 0,
            pending_uploads_max: 20,
            pending_upload_lifetime_seconds: 86_400,
            remote_bytes_max: 100 * 1024 * 1024,
            remote_timeout_ms: 120_000,
            remote_retention_days: 90,
            local_retention_days: 0,
            image_pixels_max: 32_000_000,
            thumbnails_at_once_max: 2,
            legacy_media_before_ms: 0,
        }
    }
}
