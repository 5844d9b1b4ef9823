//! Opening a data directory: which families exist, which are new, and whether this version may touch it at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use parking_lot::RwLock;
use rocksdb::{ColumnFamilyDescriptor, ErrorKind, WriteOptions};

use super::settings::{Options, Shared};
use super::{Db, RocksEngine};
use crate::{Access, Error, FamilySpec};

/// How Kith uses RocksDB; raised when a data directory can no longer be read by the version before.
const FORMAT: u32 = 1;
/// Where the format is written down: in the default family, which holds nothing else, so that copies carry it.
pub(super) const FORMAT_KEY: &[u8] = b"kith.format";

/// Opens the database at `path`, creating what is missing: the directory, the database, families.
///
/// Families on disk that `specs` do not name are kept as they are. `Error::Locked` if another process has the
/// directory, `Error::Newer` or `Error::Incompatible` if this version cannot read it.
pub fn open(path: &Path, specs: &[FamilySpec], options: &Options) -> Result<RocksEngine, Error> {
    fs::create_dir_all(path).map_err(|error| Error::Io(format!("{}: {error}", path.display())))?;
    let shared = Shared::new(options);
    let database = shared.database(options);
    let existing = existing_families(path, &database)?;

    let descriptors = existing.iter().map(|name| {
        let known = specs.iter().find(|spec| spec.name == name);
        ColumnFamilyDescriptor::new(name, shared.family(known.map_or(Access::Range, |spec| spec.access)))
    });
    let mut db = Db::open_cf_descriptors(&database, path, descriptors).map_err(|error| at(path, error))?;
    check_format(&db, path)?;
    for spec in specs {
        if !existing.contains(spec.name) {
            db.create_cf(spec.name, &shared.family(spec.access)).map_err(error)?;
        }
    }

    let mut write_options = WriteOptions::default();
    write_options.set_sync(false);
    Ok(RocksEngine {
        db,
        path: path.to_owned(),
        names: specs.iter().map(|spec| spec.name).collect(),
        gate: RwLock::new(()),
        write_options,
        durability: options.durability,
        cache: shared.cache,
        write_buffers: shared.write_buffers,
    })
}

/// The families on disk, of which there is always the default one.
fn existing_families(path: &Path, database: &rocksdb::Options) -> Result<BTreeSet<String>, Error> {
    let mut families = BTreeSet::from([rocksdb::DEFAULT_COLUMN_FAMILY_NAME.to_owned()]);
    if path.join("CURRENT").exists() {
        families.extend(Db::list_cf(database, path).map_err(|error| at(path, error))?);
    } else if holds_data(path)? {
        // RocksDB would begin a new database here and sweep the old one's files away.
        let message = format!("{} holds data files, but the file CURRENT is missing", path.display());
        return Err(Error::Corrupt(message));
    }
    Ok(families)
}

fn holds_data(path: &Path) -> Result<bool, Error> {
    let failed = |error| Error::Io(format!("{}: {error}", path.display()));
    for entry in fs::read_dir(path).map_err(failed)? {
        if entry.map_err(failed)?.path().extension().is_some_and(|extension| extension == "sst") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn check_format(db: &Db, path: &Path) -> Result<(), Error> {
    let Some(stored) = db.get(FORMAT_KEY).map_err(error)? else {
        return db.put(FORMAT_KEY, FORMAT.to_be_bytes()).map_err(error);
    };
    let found = <[u8; 4]>::try_from(stored.as_slice())
        .map(u32::from_be_bytes)
        .map_err(|_| Error::Corrupt("the format number of the data directory".to_owned()))?;
    if found > FORMAT {
        return Err(Error::Newer { path: path.to_owned(), found, known: FORMAT });
    }
    Ok(())
}

/// An error of opening, where some have causes that an operator can act on.
fn at(path: &Path, error: rocksdb::Error) -> Error {
    let message: &str = error.as_ref();
    if message.contains("/LOCK") || message.contains("lock hold by current process") {
        return Error::Locked(path.to_owned());
    }
    self::error(error)
}

/// RocksDB's error in our words.
pub(super) fn error(error: rocksdb::Error) -> Error {
    let message = error.as_ref().to_owned();
    match error.kind() {
        // A table or an option of a newer RocksDB is reported as corruption or as an argument that is unknown.
        ErrorKind::NotSupported => Error::Incompatible(message),
        ErrorKind::Corruption | ErrorKind::InvalidArgument if names_the_unknown(&message) => {
            Error::Incompatible(message)
        }
        ErrorKind::Corruption => Error::Corrupt(message),
        _ => Error::Io(message),
    }
}

fn names_the_unknown(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["unknown", "unsupported", "not supported", "unrecognized"].iter().any(|word| message.contains(word))
}
