//! The data directory: its layout and its owner's name.
//!
//! `database/` is the storage engine's, `search/` the index of messages, `server_name` says whose data this is, `signing.key` is the private key that
//! signs every event (`kith_peers::signing_key`), `control.sock` is there while a server runs (`control.rs`). `is_copy`
//! says that this is a backup which no server has run on yet.

use kith_base::Random;
use kith_event::SigningKey;
use kith_peers::signing_key::{self, KeyFile, OtherKeys, SigningKeyError};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The storage engine's directory.
pub(crate) const DATABASE: &str = "database";
/// The index of messages: not part of backups, because it can be made again.
const SEARCH: &str = "search";
const OWNER_ONLY_DIRECTORY: u32 = 0o700;
const OWNER_ONLY_FILE: u32 = 0o600;
/// The file that says whose data this is.
pub(crate) const NAME_FILE: &str = "server_name";

/// The file that says that this is a backup: what was said and done since is not in it.
pub(crate) const COPY_FILE: &str = "is_copy";

/// An opened data directory.
#[derive(Clone)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// The server's signing key.
    pub(crate) signing_key: Arc<SigningKey>,
    /// The keys that are published beside it.
    pub(crate) other_keys: Arc<OtherKeys>,
    /// True when this start made the directory.
    pub(crate) is_new: bool,
    /// True when this start made the signing key.
    pub(crate) key_is_new: bool,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataDirError {
    #[error("cannot use the data directory: {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "the data in {} belongs to the server {found}, not to {wanted}: a server's name cannot change, because \
         everything it ever wrote carries it. Set server_name to {found}, or data_dir to another directory",
        path.display()
    )]
    OtherServer { path: PathBuf, found: String, wanted: String },
    #[error("there is no data in {}: run `kith serve` once, or check --config and data_dir", .0.display())]
    Missing(PathBuf),
    #[error("cannot use the signing key: {0}")]
    Key(#[from] SigningKeyError),
}

impl DataDir {
    /// Opens the directory, and makes it if there is none.
    pub(crate) fn open_or_create(
        path: &Path,
        server_name: &str,
        random: &Random,
    ) -> Result<DataDir, DataDirError> {
        let is_new = !path.exists();
        DirBuilder::new().recursive(true).mode(OWNER_ONLY_DIRECTORY).create(path).map_err(|e| io(path, e))?;
        claim(path, server_name)?;
        let key_is_new = !path.join(signing_key::FILE_NAME).exists();
        let KeyFile { signing_key, others } = signing_key::load_or_create(path, random)?;
        Ok(DataDir {
            path: path.to_owned(),
            signing_key: Arc::new(signing_key),
            other_keys: Arc::new(others),
            is_new,
            key_is_new,
        })
    }

    /// Opens the directory of a server that has run before.
    pub(crate) fn open(path: &Path, server_name: &str, random: &Random) -> Result<DataDir, DataDirError> {
        if path.join(NAME_FILE).exists() {
            DataDir::open_or_create(path, server_name, random)
        } else {
            Err(DataDirError::Missing(path.to_owned()))
        }
    }

    /// Where the data lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this is a backup that no server has run on yet.
    pub(crate) fn is_copy(&self) -> bool {
        self.path.join(COPY_FILE).exists()
    }

    /// From now on this is no backup any more, but somebody's data.
    pub(crate) fn forget_copy(&self) -> Result<(), DataDirError> {
        let file = self.path.join(COPY_FILE);
        std::fs::remove_file(&file).map_err(|error| io(&file, error))
    }

    /// The storage engine's directory.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// The index of messages.
    pub(crate) fn search(&self) -> PathBuf {
        self.path.join(SEARCH)
    }
}

/// Writes the server's name into an empty directory; refuses that of another server.
fn claim(path: &Path, wanted: &str) -> Result<(), DataDirError> {
    let file = path.join(NAME_FILE);
    match std::fs::read_to_string(&file) {
        Ok(found) if found.trim() == wanted => Ok(()),
        Ok(found) => Err(DataDirError::OtherServer {
            path: path.to_owned(),
            found: found.trim().to_owned(),
            wanted: wanted.to_owned(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => write_once(&file, &format!("{wanted}\n")),
        Err(error) => Err(io(&file, error)),
    }
}

/// Writes a small file that is either there whole or not at all, whenever the power goes.
fn write_once(path: &Path, text: &str) -> Result<(), DataDirError> {
    let write = || {
        let draft = path.with_extension("new");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(OWNER_ONLY_FILE).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        match path.parent() {
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(|error| io(path, error))
}

fn io(path: &Path, source: std::io::Error) -> DataDirError {
    DataDirError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::{DataDir, DataDirError};
    use kith_base::Random;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_directory_keeps_its_key_and_its_name() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let path = parent.path().join("deep/data");
        let random = Random::seeded(1);
        assert!(matches!(DataDir::open(&path, "a.example", &random), Err(DataDirError::Missing(_))));

        let first = DataDir::open_or_create(&path, "a.example", &random).expect("made");
        assert!(first.is_new && first.key_is_new);
        let second = DataDir::open(&path, "a.example", &random).expect("opened");
        assert!(!second.is_new && !second.key_is_new);
        assert_eq!(first.signing_key.to_text(), second.signing_key.to_text());

        let other = DataDir::open_or_create(&path, "b.example", &random).err().expect("refused").to_string();
        assert!(other.contains("a.example") && other.contains("b.example"), "{other}");
    }

    #[test]
    fn nobody_else_may_read_the_key() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let path = parent.path().join("data");
        DataDir::open_or_create(&path, "a.example", &Random::seeded(1)).expect("made");
        let mode =
            |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("signing.key")), 0o600);
    }
}
