//! RocksDB against the shared suite, and what only a directory on disk can show.

use std::fs;
use std::path::Path;

use super::{Durability, Options, RocksEngine, open};
use crate::{Access, Batch, Direction, Engine, Error, Family, FamilySpec, KeyRange, Read, conformance};

const FIRST: FamilySpec = FamilySpec { name: "first", access: Access::Point };
const SECOND: FamilySpec = FamilySpec { name: "second", access: Access::Blob };

fn small() -> Options {
    Options { memory_budget_bytes: 16 << 20, ..Options::default() }
}

fn open_at(path: &Path, specs: &[FamilySpec]) -> Result<RocksEngine, Error> {
    open(path, specs, &small())
}

fn put(engine: &RocksEngine, family: u16, key: &[u8], value: &[u8]) {
    let mut batch = Batch::new();
    batch.put(Family(family), key.to_vec(), value.to_vec());
    engine.write(batch).unwrap();
}

/// Keeps its directory as long as the engine lives, for the suite.
struct Temporary {
    engine: RocksEngine,
    _directory: tempfile::TempDir,
}

impl Read for Temporary {
    fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.engine.get(family, key)
    }
    fn get_many(&self, family: Family, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        self.engine.get_many(family, keys)
    }
    fn scan<'a>(
        &'a self,
        family: Family,
        range: KeyRange,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = Result<crate::Pair, Error>> + 'a> {
        self.engine.scan(family, range, direction)
    }
}

impl Engine for Temporary {
    fn snapshot(&self) -> Box<dyn Read + '_> {
        self.engine.snapshot()
    }
    fn write(&self, batch: Batch) -> Result<(), Error> {
        self.engine.write(batch)
    }
    fn sync(&self) -> Result<(), Error> {
        self.engine.sync()
    }
    fn checkpoint(&self, path: &Path) -> Result<(), Error> {
        self.engine.checkpoint(path)
    }
    fn flush(&self) -> Result<(), Error> {
        self.engine.flush()
    }
    fn figures(&self) -> Vec<(&'static str, u64)> {
        self.engine.figures()
    }
}

#[test]
fn conforms() {
    conformance::run(|specs| {
        let directory = tempfile::tempdir().unwrap();
        Box::new(Temporary { engine: open_at(directory.path(), specs).unwrap(), _directory: directory })
    });
}

#[test]
fn survives_reopening_and_copying() {
    let directory = tempfile::tempdir().unwrap();
    conformance::run_durable(directory.path(), |path, specs| Box::new(open_at(path, specs).unwrap()));
}

#[test]
fn a_second_opener_is_told_that_the_directory_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let _engine = open_at(directory.path(), &[FIRST]).unwrap();
    assert!(
        matches!(open_at(directory.path(), &[FIRST]), Err(Error::Locked(path)) if path == directory.path())
    );
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open_at(directory.path(), &[FIRST]).unwrap();
    engine.db.put(super::open::FORMAT_KEY, 9_u32.to_be_bytes()).unwrap();
    drop(engine);
    let refused = open_at(directory.path(), &[FIRST, SECOND]);
    assert!(matches!(refused, Err(Error::Newer { found: 9, known: 1, .. })));
    let families = super::Db::list_cf(&rocksdb::Options::default(), directory.path()).unwrap();
    assert_eq!(families, ["default", "first"]);
}

#[test]
fn families_come_and_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    put(&open_at(directory.path(), &[FIRST]).unwrap(), 0, b"a", b"1");
    put(&open_at(directory.path(), &[SECOND, FIRST]).unwrap(), 0, b"b", b"2");
    // A family that nobody names any more keeps its data.
    assert_eq!(
        open_at(directory.path(), &[FIRST]).unwrap().get(Family(0), b"a").unwrap(),
        Some(b"1".to_vec())
    );
    assert_eq!(
        open_at(directory.path(), &[SECOND]).unwrap().get(Family(0), b"b").unwrap(),
        Some(b"2".to_vec())
    );
}

#[test]
fn data_without_its_index_is_not_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open_at(directory.path(), &[FIRST]).unwrap();
    put(&engine, 0, b"a", b"1");
    engine.flush().unwrap();
    drop(engine);
    let aside = directory.path().join("CURRENT.aside");
    fs::rename(directory.path().join("CURRENT"), &aside).unwrap();
    assert!(matches!(open_at(directory.path(), &[FIRST]), Err(Error::Corrupt(_))));
    fs::rename(aside, directory.path().join("CURRENT")).unwrap();
    assert_eq!(
        open_at(directory.path(), &[FIRST]).unwrap().get(Family(0), b"a").unwrap(),
        Some(b"1".to_vec())
    );
}

/// A power cut leaves a log that ends in the middle of a batch: the batches before it survive, whole.
#[test]
fn a_torn_log_keeps_whole_batches() {
    let directory = tempfile::tempdir().unwrap();
    let live = directory.path().join("live");
    let engine = open_at(&live, &[FIRST, SECOND]).unwrap();
    for index in 0..20_u8 {
        let mut batch = Batch::new();
        batch.put(Family(0), vec![index], vec![index; 100]);
        batch.put(Family(1), vec![index], vec![index; 100]);
        engine.write(batch).unwrap();
    }
    engine.sync().unwrap();
    let log = newest_log(&live);
    let length = fs::metadata(&log).unwrap().len();
    for cut in [1, 50, 150, 230, 1000] {
        let torn = directory.path().join(format!("torn-{cut}"));
        copy_directory(&live, &torn);
        let file = fs::OpenOptions::new().write(true).open(torn.join(log.file_name().unwrap())).unwrap();
        file.set_len(length - cut).unwrap();
        drop(file);
        let reopened = open_at(&torn, &[FIRST, SECOND]).unwrap();
        let kept = reopened.scan(Family(0), KeyRange::all(), Direction::Forward).count();
        assert!(kept < 20 && kept + 6 > 20 - usize::try_from(cut / 200).unwrap());
        for index in 0..20_u8 {
            let expected = (usize::from(index) < kept).then(|| vec![index; 100]);
            assert_eq!(reopened.get(Family(0), &[index]).unwrap(), expected);
            assert_eq!(reopened.get(Family(1), &[index]).unwrap(), expected);
        }
    }
}

#[test]
fn figures_count_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { durability: Durability::Relaxed, ..small() };
    let engine = open(directory.path(), &[FIRST], &options).unwrap();
    for index in 0..100_u8 {
        put(&engine, 0, &[index], &[index; 64]);
    }
    engine.sync().unwrap();
    let figure = |engine: &RocksEngine, name| {
        engine.figures().into_iter().find(|(other, _)| *other == name).map(|(_, value)| value).unwrap()
    };
    assert_eq!(figure(&engine, "keys_estimated"), 100);
    assert!(figure(&engine, "memtables_bytes") > 0);
    assert_eq!(figure(&engine, "sst_files_bytes"), 0);
    engine.flush().unwrap();
    assert!(figure(&engine, "sst_files_bytes") > 0);
    let snapshot = engine.snapshot();
    assert_eq!(figure(&engine, "snapshots"), 1);
    drop(snapshot);
}

fn newest_log(path: &Path) -> std::path::PathBuf {
    let mut logs: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    logs.sort();
    logs.pop().unwrap()
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
