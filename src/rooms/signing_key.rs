//! The signing key's file: `signing.key` in the data directory, one line in the form Synapse uses, readable by its
//! owner alone. Made at the first start.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use kith_base::Random;
use kith_event::{SigningKey, keys::KeyError};

/// The file's name in the data directory.
pub const FILE_NAME: &str = "signing.key";

/// How many random characters name a key.
const KEY_NAME_CHARACTERS: usize = 6;

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path}: {source}")]
    Key {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
}

/// Reads the key of the data directory, or makes one if there is none.
pub fn load_or_create(data_dir: &Path, random: &Random) -> Result<SigningKey, SigningKeyError> {
    let path = data_dir.join(FILE_NAME);
    match fs::read_to_string(&path) {
        Ok(text) => {
            // A file may hold retired keys below the one in use, as Synapse's does.
            let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            SigningKey::from_text(line).map_err(|source| SigningKeyError::Key { path, source })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, random),
        Err(source) => Err(SigningKeyError::File { path, source }),
    }
}

fn create(path: PathBuf, random: &Random) -> Result<SigningKey, SigningKeyError> {
    let name = format!("a_{}", random.alphanumeric(KEY_NAME_CHARACTERS));
    let key = match SigningKey::generate(random.bytes(), &name) {
        Ok(key) => key,
        Err(source) => return Err(SigningKeyError::Key { path, source }),
    };
    match write(&path, &key) {
        Ok(()) => Ok(key),
        Err(source) => Err(SigningKeyError::File { path, source }),
    }
}

/// `create_new`: a key is the server's identity and is never overwritten. Synced, so that no event is ever signed
/// with a key that a power cut takes away.
fn write(path: &Path, key: &SigningKey) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{}", key.to_text())?;
    file.sync_all()?;
    match path.parent() {
        Some(parent) => fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let random = Random::seeded(1);
        let made = load_or_create(dir.path(), &random).expect("makes a key");
        let read = load_or_create(dir.path(), &random).expect("reads the key");
        assert_eq!(made.to_text(), read.to_text());
        let mode = fs::metadata(dir.path().join(FILE_NAME)).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::write(dir.path().join(FILE_NAME), "something else").expect("writes");
        assert!(load_or_create(dir.path(), &Random::seeded(1)).is_err());
        assert_eq!(fs::read_to_string(dir.path().join(FILE_NAME)).expect("reads"), "something else");
    }
}
