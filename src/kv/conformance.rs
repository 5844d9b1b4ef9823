//! What every engine must do, as a suite that an engine's tests run: an engine is correct when it passes.
//! What only a durable engine can show (reopening, checkpoints) is in [`run_durable`].

mod cases;
mod model;

use std::path::Path;

use crate::{Access, Batch, Direction, Engine, Family, FamilySpec, KeyRange, Read};

/// The families that the suite works on.
pub const SPECS: &[FamilySpec] = &[
    FamilySpec { name: "point", access: Access::Point },
    FamilySpec { name: "range", access: Access::Range },
    FamilySpec { name: "blob", access: Access::Blob },
];

const POINT: Family = Family(0);
const RANGE: Family = Family(1);
const BLOB: Family = Family(2);

/// Runs the whole suite; `new_engine` makes an empty engine. Panics where the engine errs.
pub fn run(new_engine: impl Fn(&[FamilySpec]) -> Box<dyn Engine>) {
    let fresh = || new_engine(SPECS);
    cases::values_come_back(&*fresh());
    cases::families_are_apart(&*fresh());
    cases::unknown_families_are_errors(&*fresh());
    cases::batches_apply_in_order(&*fresh());
    cases::batches_apply_whole(&*fresh());
    cases::requirements_guard_the_batch(&*fresh());
    cases::requirements_hold_between_threads(&*fresh());
    cases::scans_keep_to_their_range(&*fresh());
    cases::ranges_are_deleted(&*fresh());
    cases::snapshots_stand_still(&*fresh());
    cases::scans_stand_still(&*fresh());
    cases::many_keys_at_once(&*fresh());
    for seed in 0..24 {
        model::random_history(&*fresh(), seed);
    }
}

/// Runs what a durable engine must do besides; `open` opens the engine that lives at a path, below an empty directory.
pub fn run_durable(directory: &Path, open: impl Fn(&Path, &[FamilySpec]) -> Box<dyn Engine>) {
    let path = directory.join("live");
    for seed in 0..4 {
        model::reopened_history(|| open(&path, SPECS), seed);
    }

    let engine = open(&path, SPECS);
    let before = dump(&*engine, POINT);
    let copy = directory.join("copy");
    engine.checkpoint(&copy).expect("a checkpoint into a new directory");
    clear(&*engine);
    assert_eq!(dump(&*open(&copy, SPECS), POINT), before, "a checkpoint holds the data of its moment");
    assert!(engine.checkpoint(&copy).is_err(), "a checkpoint overwrites nothing");
    assert!(dump(&*engine, POINT).is_empty());
}

fn clear(engine: &dyn Engine) {
    let mut batch = Batch::new();
    for family in [POINT, RANGE, BLOB] {
        batch.delete_range(family, KeyRange::all());
    }
    engine.write(batch).expect("a write without requirements succeeds");
}

/// Every pair of a family.
fn dump(read: &dyn Read, family: Family) -> Vec<crate::Pair> {
    pairs(read, family, KeyRange::all(), Direction::Forward)
}

fn pairs(read: &dyn Read, family: Family, range: KeyRange, direction: Direction) -> Vec<crate::Pair> {
    read.scan(family, range, direction).collect::<Result<_, _>>().expect("a scan succeeds")
}

fn get(read: &dyn Read, family: Family, key: &[u8]) -> Option<Vec<u8>> {
    read.get(family, key).expect("a get succeeds")
}

fn put(engine: &dyn Engine, family: Family, key: &[u8], value: &[u8]) {
    let mut batch = Batch::new();
    batch.put(family, key.to_vec(), value.to_vec());
    engine.write(batch).expect("a write without requirements succeeds");
}
