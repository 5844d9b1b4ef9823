//! The engine in memory against the shared suite, and that it forgets what no snapshot sees.

use super::MemoryEngine;
use crate::{Access, Batch, Engine, Family, FamilySpec, KeyRange, Read, conformance};

const SPECS: &[FamilySpec] = &[FamilySpec { name: "only", access: Access::Point }];
const ONLY: Family = Family(0);

#[test]
fn conforms() {
    conformance::run(|specs| Box::new(MemoryEngine::new(specs)));
}

#[test]
fn old_versions_go_when_their_snapshots_go() {
    let engine = MemoryEngine::new(SPECS);
    let write = |value: u8| {
        let mut batch = Batch::new();
        batch.put(ONLY, b"key".to_vec(), vec![value]);
        engine.write(batch).unwrap();
    };
    write(1);
    let first = engine.snapshot();
    write(2);
    let second = engine.snapshot();
    let mut batch = Batch::new();
    batch.delete_range(ONLY, KeyRange::all());
    engine.write(batch).unwrap();

    assert_eq!(first.get(ONLY, b"key").unwrap(), Some(vec![1]));
    assert_eq!(second.get(ONLY, b"key").unwrap(), Some(vec![2]));
    assert_eq!(engine.get(ONLY, b"key").unwrap(), None);
    assert_eq!(engine.versions.read().keys(), 1);
    drop(second);
    assert_eq!(first.get(ONLY, b"key").unwrap(), Some(vec![1]));
    drop(first);
    assert_eq!(engine.versions.read().keys(), 0);
    assert_eq!(engine.versions.read().superseded(), 0);
}

#[test]
fn a_fork_holds_the_newest_and_goes_its_own_way() {
    let engine = MemoryEngine::new(SPECS);
    let write = |engine: &MemoryEngine, key: &[u8], value: Option<u8>| {
        let mut batch = Batch::new();
        match value {
            Some(value) => batch.put(ONLY, key.to_vec(), vec![value]),
            None => batch.delete(ONLY, key.to_vec()),
        }
        engine.write(batch).unwrap();
    };
    let _reader = engine.snapshot();
    write(&engine, b"kept", Some(1));
    write(&engine, b"kept", Some(2));
    write(&engine, b"gone", Some(1));
    write(&engine, b"gone", None);
    let fork = engine.fork();
    write(&engine, b"kept", Some(3));
    write(&fork, b"own", Some(4));
    assert_eq!(fork.get(ONLY, b"kept").unwrap(), Some(vec![2]));
    assert_eq!(fork.get(ONLY, b"gone").unwrap(), None);
    assert_eq!(engine.get(ONLY, b"own").unwrap(), None);
    assert_eq!(fork.snapshot().get(ONLY, b"own").unwrap(), Some(vec![4]));
}
