//! Files on their way in: written to the disk while they arrive and hashed on the way, so that memory does not depend
//! on their size.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use kith_base::{Random, Tasks};
use kith_store::tables::media::BlobHash;
use sha2::{Digest, Sha256};

use crate::blobs::{BlobError, files::make_directory};

/// How many bytes are collected before they are written.
const COLLECTED_BYTES: usize = 256 * 1024;
const OWNER_ONLY_FILE: u32 = 0o600;
const NAME_CHARACTERS: usize = 32;

/// Where drafts are made.
pub(crate) struct Drafts {
    directory: PathBuf,
    random: Random,
    tasks: Tasks,
}

/// A file that is being written. It goes when this is dropped, unless it has been moved away.
pub(crate) struct Draft {
    scratch: Scratch,
    tasks: Tasks,
    writer: Option<Writer>,
    collected: Vec<Bytes>,
    collected_bytes: usize,
    size_bytes: u64,
}

/// A file that is complete and on the disk.
pub(crate) struct Finished {
    scratch: Scratch,
    pub(crate) sha256: BlobHash,
    pub(crate) size_bytes: u64,
}

/// The name of a file that goes when this is dropped.
struct Scratch(PathBuf);

struct Writer {
    file: File,
    hasher: Sha256,
}

impl Drafts {
    pub(crate) fn new(directory: PathBuf, random: Random, tasks: Tasks) -> Self {
        Self { directory, random, tasks }
    }

    /// Removes what uploads left behind when the server last ended, and makes the directory.
    pub(crate) fn begin_anew(&self) -> io::Result<()> {
        match std::fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        make_directory(&self.directory)
    }

    /// A name that nothing has yet.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.directory.join(self.random.alphanumeric(NAME_CHARACTERS))
    }

    /// An empty draft.
    pub(crate) async fn open(&self) -> Result<Draft, BlobError> {
        let path = self.scratch();
        let open = move || {
            let mut options = OpenOptions::new();
            match options.write(true).create_new(true).mode(OWNER_ONLY_FILE).open(&path) {
                Ok(file) => Ok((file, Scratch(path))),
                Err(source) => Err(BlobError::File { path, source }),
            }
        };
        let (file, scratch) = self.tasks.blocking(open).await?;
        Ok(Draft {
            scratch,
            tasks: self.tasks.clone(),
            writer: Some(Writer { file, hasher: Sha256::new() }),
            collected: Vec::new(),
            collected_bytes: 0,
            size_bytes: 0,
        })
    }
}

impl Draft {
    /// Appends bytes.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        self.size_bytes += bytes.len() as u64;
        self.collected_bytes += bytes.len();
        self.collected.push(bytes);
        if self.collected_bytes >= COLLECTED_BYTES { self.flush(false).await } else { Ok(()) }
    }

    /// How much has been written.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Puts everything on the disk.
    pub(crate) async fn finish(mut self) -> Result<Finished, BlobError> {
        self.flush(true).await?;
        let writer = self.writer.take().ok_or_else(|| self.broken())?;
        let sha256 = writer.hasher.finalize().into();
        Ok(Finished { scratch: self.scratch, sha256, size_bytes: self.size_bytes })
    }

    async fn flush(&mut self, to_disk: bool) -> Result<(), BlobError> {
        // After a failure there is no writer any more.
        let mut writer = self.writer.take().ok_or_else(|| self.broken())?;
        let collected = std::mem::take(&mut self.collected);
        self.collected_bytes = 0;
        let write = move || {
            for bytes in collected {
                writer.hasher.update(&bytes);
                writer.file.write_all(&bytes)?;
            }
            if to_disk {
                writer.file.sync_all()?;
            }
            Ok(writer)
        };
        let written: io::Result<Writer> = self.tasks.blocking(write).await;
        let written = written.map_err(|source| BlobError::File { path: self.scratch.0.clone(), source });
        self.writer = Some(written?);
        Ok(())
    }

    fn broken(&self) -> BlobError {
        BlobError::File { path: self.scratch.0.clone(), source: ErrorKind::BrokenPipe.into() }
    }
}

impl Finished {
    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.scratch.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may have been moved to its place.
        let _gone = std::fs::remove_file(&self.0);
    }
}
