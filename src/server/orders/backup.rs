//! A backup: a copy of the data directory at one moment, made while the server runs.
//!
//! The storage engine links its files instead of copying them where both directories are on one file system, so this
//! takes moments and hardly any room at first. So is media linked; what lies in an object store is not copied.

use super::Hands;
use crate::Failure;
use kith_media::blobs::files::copy_all;
use kith_peers::signing_key;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

const OWNER_ONLY_DIRECTORY: u32 = 0o700;

/// Copies everything into `directory`, which must not exist. What it holds can be used as a data directory.
pub(super) fn make(hands: &Hands, directory: &Path) -> Result<String, Failure> {
    let wrong = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    DirBuilder::new()
        .mode(OWNER_ONLY_DIRECTORY)
        .create(directory)
        .map_err(|error| wrong(directory, error))?;
    hands.store.engine().checkpoint(&directory.join(crate::data_dir::DATABASE))?;
    // After the rows: a blob that goes meanwhile goes an hour after nothing refers to it, so every row finds its blob.
    let media = hands.data_dir.join(kith_media::DIRECTORY);
    let copied = copy_all(&media, &directory.join(kith_media::DIRECTORY));
    let copied = copied.map_err(|error| wrong(&media, error))?;
    let mark = directory.join(crate::data_dir::COPY_FILE);
    std::fs::write(&mark, "").map_err(|error| wrong(&mark, error))?;
    // The name comes last: without it no server takes the directory for a whole one.
    for file in [signing_key::FILE_NAME, crate::data_dir::NAME_FILE] {
        let source = hands.data_dir.join(file);
        std::fs::copy(&source, directory.join(file)).map_err(|error| wrong(&source, error))?;
    }
    Ok(format!("Everything is in {}, with {copied} files of media.", directory.display()))
}
