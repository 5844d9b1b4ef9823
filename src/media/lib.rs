//! Media: blobs, thumbnails, files of other servers, previews of web pages, retention and quotas.
//!
//! Bytes are streamed, both ways: what comes is written to the disk and hashed while it comes, what goes is read while
//! it goes. Files with equal bytes are one blob.
//!
//! Deliberately absent: HTTP routes, and who may see a room.

pub mod blobs;
mod check;
mod clear;
mod draft;
mod error;
mod find;
mod flights;
mod keep;
mod media_id;
mod moderate;
mod preview;
mod remote;
pub mod serving;
mod sweep;
#[cfg(test)]
mod tests;
mod thumbnail;
mod upload;

use std::{path::Path, sync::Arc};

use kith_base::{Clock, Outgoing, Random, Tasks};
use kith_config::{Config, MediaStorage};
use kith_peers::Peers;
use kith_store::{
    ServerSid, Store,
    tables::media::{BlobHash, ThumbnailForm},
};
use parking_lot::Mutex;
use ruma::OwnedServerName;
use tokio::sync::{Semaphore, watch};

pub use blobs::{BlobError, Blobs, ByteStream};
pub use check::{Checked, check};
pub use error::{MediaError, StorageError, UploadError};
pub use find::{MediaFile, Search};
pub use moderate::Listed;
pub use preview::PreviewError;
pub use remote::{RemoteError, multipart};
pub use thumbnail::{Method, Thumbnail, ThumbnailContent, ThumbnailError, Wish};
pub use upload::{Announced, Description};

use blobs::{files::FileBlobs, objects::ObjectBlobs};
use draft::Drafts;
use flights::Flights;
use keep::Turns;
use remote::Visitor;

/// The directory of media in the data directory.
pub const DIRECTORY: &str = "media";
/// The directory of uploads that have not ended, in [`DIRECTORY`].
const INCOMING: &str = "incoming";

/// What media is made of.
pub struct Parts {
    /// The store.
    pub store: Arc<Store>,
    /// Requests to web pages and to where other servers send us.
    pub outgoing: Outgoing,
    /// Other servers.
    pub peers: Arc<Peers>,
    /// The configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// Background tasks and the blocking pool.
    pub tasks: Tasks,
    /// The name of this server.
    pub server_name: OwnedServerName,
}

/// The media repository.
pub struct Media {
    store: Arc<Store>,
    peers: Arc<Peers>,
    visitor: Visitor,
    config: Arc<Config>,
    clock: Clock,
    random: Random,
    tasks: Tasks,
    server_name: OwnedServerName,
    own_server: ServerSid,
    blobs: Box<dyn Blobs>,
    drafts: Drafts,
    turns: Turns,
    /// Held while counts are read and written back, never while waiting for the disk or the network.
    writing: Mutex<()>,
    /// Changes whenever an announced file has arrived.
    arrivals: watch::Sender<u64>,
    /// How many pictures may be decoded at once.
    decoding: Semaphore,
    thumbnails: Flights<(BlobHash, ThumbnailForm), Result<Thumbnail, ThumbnailError>>,
    /// How many files of other servers may be on their way at once.
    fetching: Semaphore,
    fetches: Flights<(OwnedServerName, String), Result<ServerSid, RemoteError>>,
    /// How many pages may be visited at once.
    visiting: Semaphore,
    previews: Flights<BlobHash, Result<String, PreviewError>>,
}

/// A file's server and media id.
pub(crate) type MediaKey = (ServerSid, String);

impl Media {
    /// Opens the repository over the data directory, or over the configured object store.
    pub fn open(parts: Parts) -> Result<Arc<Self>, StorageError> {
        let Parts { store, outgoing, peers, config, clock, random, tasks, server_name } = parts;
        let directory = config.data_dir.join(DIRECTORY);
        let drafts = Drafts::new(directory.join(INCOMING), random.clone(), tasks.clone());
        let begun = drafts.begin_anew();
        begun.map_err(|source| BlobError::File { path: directory.clone(), source })?;
        Ok(Arc::new(Self {
            own_server: store.ids().server(&server_name)?,
            blobs: open_blobs(&config, &directory, &tasks)?,
            decoding: Semaphore::new(config.media.thumbnails_at_once_max),
            drafts,
            turns: Turns::default(),
            writing: Mutex::default(),
            arrivals: watch::Sender::new(0),
            thumbnails: Flights::new("thumbnail"),
            fetching: Semaphore::new(remote::FETCHES_MAX),
            fetches: Flights::new("media fetch"),
            visiting: Semaphore::new(preview::VISITS_MAX),
            previews: Flights::new("URL preview"),
            visitor: Visitor::new(
                outgoing,
                &config.url_previews.denied_hosts,
                config.url_previews.timeout_ms,
            ),
            store,
            peers,
            config,
            clock,
            random,
            tasks,
            server_name,
        }))
    }

    /// The largest upload, in bytes.
    pub fn upload_bytes_max(&self) -> u64 {
        self.config.media.upload_bytes_max
    }
}

fn open_blobs(config: &Config, directory: &Path, tasks: &Tasks) -> Result<Box<dyn Blobs>, BlobError> {
    Ok(match config.media.storage {
        MediaStorage::Files => Box::new(FileBlobs::new(directory.to_owned(), tasks.clone())),
        MediaStorage::S3 => Box::new(ObjectBlobs::s3(&config.media_s3, tasks.clone())?),
    })
}
