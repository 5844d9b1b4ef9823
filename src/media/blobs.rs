//! Where the bytes are: blobs named by their SHA-256, which never change.
//!
//! A blob is put whole or not at all, and putting it twice is putting it once. Nothing but its hash decides where it
//! lies, so no name that a client or another server chose ever becomes a path.

#[cfg(test)]
mod conformance;
pub mod files;
pub mod objects;

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use futures_util::{future::BoxFuture, stream::BoxStream};
use kith_store::tables::media::BlobHash;

/// Bytes on their way.
pub type ByteStream = BoxStream<'static, io::Result<Bytes>>;

/// How many bytes of a blob are read at once.
pub(crate) const READ_BYTES: usize = 128 * 1024;

/// A place for blobs. Each passes the same tests (`conformance.rs`).
pub trait Blobs: Send + Sync + 'static {
    /// Puts the file at `draft` there as the blob `hash`. The file may be moved away.
    fn put<'a>(&'a self, hash: &'a BlobHash, draft: &'a Path) -> BoxFuture<'a, Result<(), BlobError>>;

    /// The bytes of a blob from `range.start` to `range.end`, which are within it.
    fn read<'a>(
        &'a self,
        hash: &'a BlobHash,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<ByteStream, BlobError>>;

    /// A blob as a file, which is at `scratch` if it has to be made.
    fn local<'a>(
        &'a self,
        hash: &'a BlobHash,
        scratch: &'a Path,
    ) -> BoxFuture<'a, Result<LocalBlob, BlobError>>;

    /// How large a blob is, if it is there.
    fn size<'a>(&'a self, hash: &'a BlobHash) -> BoxFuture<'a, Result<Option<u64>, BlobError>>;

    /// Removes a blob; that it may not be there is no error.
    fn delete<'a>(&'a self, hash: &'a BlobHash) -> BoxFuture<'a, Result<(), BlobError>>;
}

/// Why bytes could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The blob is not there.
    #[error("the blob {} is missing", name(.0))]
    Missing(BlobHash),
    /// The file system failed.
    #[error("{}: {source}", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// How.
        source: io::Error,
    },
    /// The object store failed.
    #[error("the object store: {0}")]
    Objects(#[from] object_store::Error),
}

/// A blob as a file.
#[derive(Debug)]
pub struct LocalBlob {
    path: PathBuf,
    temporary: bool,
}

impl LocalBlob {
    /// A file that belongs to somebody else.
    pub(crate) fn lent(path: PathBuf) -> Self {
        Self { path, temporary: false }
    }

    /// A file that goes when this is dropped.
    pub(crate) fn temporary(path: PathBuf) -> Self {
        Self { path, temporary: true }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for LocalBlob {
    fn drop(&mut self) {
        if self.temporary {
            // What stays behind is removed at the next start.
            let _gone = std::fs::remove_file(&self.path);
        }
    }
}

/// A hash as text: the name of a blob wherever it is stored.
pub fn name(hash: &BlobHash) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(2 * hash.len());
    for byte in hash {
        // Writing to a string cannot fail.
        let _written = write!(text, "{byte:02x}");
    }
    text
}
