//! The file of signing keys: `signing.key` in the data directory, readable by its owner alone. Made at the first start.
//!
//! The first line is the key that signs, in the form Synapse uses: `ed25519 <version> <seed>`. Below it may stand more
//! of the kind, from the file of another server: they are published as in use, too. A key that has been replaced leaves
//! its public half behind: `retired <key id> <public key> <milliseconds since 1970 when it stopped>`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use kith_base::Random;
use kith_event::{SigningKey, hash, keys::KeyError};

/// The file's name in the data directory.
pub const FILE_NAME: &str = "signing.key";

/// How many random characters name a key.
const KEY_NAME_CHARACTERS: usize = 6;
const OWNER_ONLY: u32 = 0o600;

/// What the file holds.
#[derive(Debug)]
pub struct KeyFile {
    /// The key that signs.
    pub signing_key: SigningKey,
    /// The keys that are published beside it.
    pub others: OtherKeys,
}

/// Keys of this server that do not sign, and are published so that what they once signed can be verified.
#[derive(Debug, Default)]
pub struct OtherKeys {
    /// Keys that count as in use.
    pub active: Vec<SigningKey>,
    /// Keys that have been replaced.
    pub retired: Vec<RetiredKey>,
}

/// The public half of a key that has been replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredKey {
    /// The key's id, `ed25519:<version>`.
    pub id: String,
    /// The key.
    pub key: [u8; 32],
    /// When it stopped signing, in unix milliseconds.
    pub expired_ms: u64,
}

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
    /// A line of the file is not understood.
    #[error("{path}: line {line} is neither a key nor a retired key")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
}

/// Reads the keys of the data directory, or makes one if there is none.
pub fn load_or_create(data_dir: &Path, random: &Random) -> Result<KeyFile, SigningKeyError> {
    let path = data_dir.join(FILE_NAME);
    match fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, random),
        Err(source) => Err(SigningKeyError::File { path, source }),
    }
}

/// Replaces the key that signs by a new one and retires all others as of now. No server may be running: it would go on
/// signing with a key that has expired for everybody else. Answers the new key.
pub fn rotate(data_dir: &Path, random: &Random, now_ms: u64) -> Result<SigningKey, SigningKeyError> {
    let path = data_dir.join(FILE_NAME);
    let text = fs::read_to_string(&path)
        .map_err(|source| SigningKeyError::File { path: path.clone(), source })?;
    let KeyFile { signing_key: old, others } = parse(&path, &text)?;
    let new = generate(&path, random)?;
    let retire = |key: &SigningKey| RetiredKey { id: key.id(), key: key.public_key(), expired_ms: now_ms };
    let mut retired: Vec<RetiredKey> = std::iter::once(&old).chain(&others.active).map(retire).collect();
    retired.extend(others.retired);
    let file = KeyFile { signing_key: new, others: OtherKeys { active: Vec::new(), retired } };
    write(&path, &file).map_err(|source| SigningKeyError::File { path, source })?;
    Ok(file.signing_key)
}

fn parse(path: &Path, text: &str) -> Result<KeyFile, SigningKeyError> {
    let mut active = Vec::new();
    let mut retired = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if line.trim_start().starts_with("retired ") {
            let unknown = || SigningKeyError::Line { path: path.to_owned(), line: index + 1 };
            retired.push(parse_retired(line).ok_or_else(unknown)?);
        } else {
            let key = SigningKey::from_text(line)
                .map_err(|source| SigningKeyError::Key { path: path.to_owned(), source })?;
            active.push(key);
        }
    }
    if active.is_empty() {
        return Err(SigningKeyError::Key { path: path.to_owned(), source: KeyError::Text });
    }
    let signing_key = active.remove(0);
    Ok(KeyFile { signing_key, others: OtherKeys { active, retired } })
}

fn parse_retired(line: &str) -> Option<RetiredKey> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (Some(id), Some(key), Some(expired_ms), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return None;
    };
    let key = hash::from_base64(key)?.try_into().ok()?;
    Some(RetiredKey { id: id.to_owned(), key, expired_ms: expired_ms.parse().ok()? })
}

fn create(path: PathBuf, random: &Random) -> Result<KeyFile, SigningKeyError> {
    let file = KeyFile { signing_key: generate(&path, random)?, others: OtherKeys::default() };
    match write(&path, &file) {
        Ok(()) => Ok(file),
        Err(source) => Err(SigningKeyError::File { path, source }),
    }
}

fn generate(path: &Path, random: &Random) -> Result<SigningKey, SigningKeyError> {
    let name = format!("a_{}", random.alphanumeric(KEY_NAME_CHARACTERS));
    SigningKey::generate(random.bytes(), &name)
        .map_err(|source| SigningKeyError::Key { path: path.to_owned(), source })
}

/// Writes the file so that it is there either as it was or as it is to be, whenever the power goes: a key is the
/// server's identity. Synced, so that no event is ever signed with a key that a power cut takes away.
fn write(path: &Path, keys: &KeyFile) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&draft)?;
    for key in std::iter::once(&keys.signing_key).chain(&keys.others.active) {
        writeln!(file, "{}", key.to_text())?;
    }
    for RetiredKey { id, key, expired_ms } in &keys.others.retired {
        writeln!(file, "retired {id} {} {expired_ms}", hash::to_base64(key))?;
    }
    file.sync_all()?;
    fs::rename(&draft, path)?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
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
        let made = load_or_create(dir.path(), &random).expect("makes a key").signing_key;
        let read = load_or_create(dir.path(), &random).expect("reads the key").signing_key;
        assert_eq!(made.to_text(), read.to_text());
        let mode = fs::metadata(dir.path().join(FILE_NAME)).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let good = SigningKey::generate([1; 32], "1").expect("a key").to_text();
        let beyond_repair = ["something else".to_owned(), String::new(), format!("{good}\nretired ed25519:2 x y")];
        for text in &beyond_repair {
            fs::write(dir.path().join(FILE_NAME), text).expect("writes");
            assert!(load_or_create(dir.path(), &Random::seeded(1)).is_err(), "{text}");
            assert_eq!(fs::read_to_string(dir.path().join(FILE_NAME)).expect("reads"), *text);
        }
    }

    #[test]
    fn a_replaced_key_leaves_its_public_half() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let random = Random::seeded(1);
        let [first, second] = [1, 2].map(|seed| {
            SigningKey::generate([seed; 32], &seed.to_string()).expect("a key")
        });
        let text = format!("{}\n{}\n", first.to_text(), second.to_text());
        fs::write(dir.path().join(FILE_NAME), text).expect("writes");
        let read = load_or_create(dir.path(), &random).expect("reads");
        assert_eq!((read.signing_key.id(), read.others.active.len()), (first.id(), 1));

        let third = rotate(dir.path(), &random, 1_000).expect("rotates");
        let fourth = rotate(dir.path(), &random, 2_000).expect("rotates");
        let read = load_or_create(dir.path(), &random).expect("reads");
        assert_eq!(read.signing_key.to_text(), fourth.to_text());
        assert!(read.others.active.is_empty());
        let expected = [(&third, 2_000), (&first, 1_000), (&second, 1_000)];
        let expected = expected.map(|(key, expired_ms)| RetiredKey {
            id: key.id(),
            key: key.public_key(),
            expired_ms,
        });
        assert_eq!(read.others.retired, expected);
    }
}
