//! One promise of the traits a function, by example.

use super::{BLOB, POINT, RANGE, dump, get, pairs, put};
use crate::{Batch, Direction, Engine, Error, Family, KeyRange, Pair};

pub(super) fn values_come_back(engine: &dyn Engine) {
    assert_eq!(get(engine, POINT, b"absent"), None);
    put(engine, POINT, b"key", b"one");
    assert_eq!(get(engine, POINT, b"key"), Some(b"one".to_vec()));
    put(engine, POINT, b"key", b"two");
    assert_eq!(get(engine, POINT, b"key"), Some(b"two".to_vec()));
    // An empty value is a value, an empty key is a key, and both may be large or hold any byte.
    put(engine, POINT, b"key", b"");
    assert_eq!(get(engine, POINT, b"key"), Some(Vec::new()));
    put(engine, POINT, b"", b"empty key");
    assert_eq!(get(engine, POINT, b""), Some(b"empty key".to_vec()));
    let large = vec![0xa5; 1 << 20];
    put(engine, BLOB, &[0, 255, 0], &large);
    assert_eq!(get(engine, BLOB, &[0, 255, 0]), Some(large.clone()));

    let mut batch = Batch::new();
    batch.delete(POINT, b"key".to_vec());
    batch.delete(POINT, b"never there".to_vec());
    engine.write(batch).expect("deleting what is absent is no error");
    assert_eq!(get(engine, POINT, b"key"), None);
    engine.flush().expect("a flush succeeds");
    engine.sync().expect("a sync succeeds");
    assert_eq!(get(engine, BLOB, &[0, 255, 0]), Some(large));
    engine.write(Batch::new()).expect("an empty batch is no error");
}

pub(super) fn families_are_apart(engine: &dyn Engine) {
    put(engine, POINT, b"key", b"point");
    put(engine, RANGE, b"key", b"range");
    assert_eq!(get(engine, BLOB, b"key"), None);
    let mut batch = Batch::new();
    batch.delete_range(POINT, KeyRange::all());
    engine.write(batch).expect("a write without requirements succeeds");
    assert_eq!(get(engine, POINT, b"key"), None);
    assert_eq!(get(engine, RANGE, b"key"), Some(b"range".to_vec()));
}

pub(super) fn unknown_families_are_errors(engine: &dyn Engine) {
    let unknown = Family(1000);
    assert!(matches!(engine.get(unknown, b"key"), Err(Error::UnknownFamily(family)) if family == unknown));
    assert!(engine.get_many(unknown, &[b"key".to_vec()]).is_err());
    assert!(engine.scan(unknown, KeyRange::all(), Direction::Forward).any(|pair| pair.is_err()));
    let mut batch = Batch::new();
    batch.put(POINT, b"key".to_vec(), b"value".to_vec());
    batch.put(unknown, b"key".to_vec(), b"value".to_vec());
    assert!(engine.write(batch).is_err());
    assert_eq!(get(engine, POINT, b"key"), None, "nothing of a refused batch is written");
}

pub(super) fn batches_apply_in_order(engine: &dyn Engine) {
    put(engine, RANGE, b"b", b"old");
    let mut batch = Batch::new();
    batch.put(RANGE, b"a".to_vec(), b"1".to_vec());
    batch.put(RANGE, b"a".to_vec(), b"2".to_vec());
    batch.put(RANGE, b"c".to_vec(), b"swept".to_vec());
    batch.delete_range(RANGE, KeyRange::new(b"b".to_vec(), b"d".to_vec()));
    batch.put(RANGE, b"b".to_vec(), b"new".to_vec());
    batch.put(RANGE, b"z".to_vec(), b"gone".to_vec());
    batch.delete(RANGE, b"z".to_vec());
    assert_eq!(batch.len(), 7);
    assert_eq!(batch.bytes(), 2 + 2 + 6 + 2 + 4 + 5 + 1);
    engine.write(batch).expect("a write without requirements succeeds");
    assert_eq!(dump(engine, RANGE), [pair(b"a", b"2"), pair(b"b", b"new")]);

    let mut batch = Batch::new();
    batch.put(RANGE, b"zz".to_vec(), b"swept".to_vec());
    batch.delete_range(RANGE, KeyRange::all());
    batch.put(RANGE, b"y".to_vec(), b"kept".to_vec());
    engine.write(batch).expect("a write without requirements succeeds");
    assert_eq!(dump(engine, RANGE), [pair(b"y", b"kept")]);
}

/// Two families are always written together; no reader, live or on a snapshot, ever sees one without the other.
pub(super) fn batches_apply_whole(engine: &dyn Engine) {
    const ROUNDS: u32 = 300;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=ROUNDS {
                let mut batch = Batch::new();
                batch.put(POINT, b"left".to_vec(), round.to_be_bytes().to_vec());
                batch.put(RANGE, b"right".to_vec(), round.to_be_bytes().to_vec());
                engine.write(batch).expect("a write without requirements succeeds");
            }
        });
        let last = Some(ROUNDS.to_be_bytes().to_vec());
        loop {
            let snapshot = engine.snapshot();
            let left = get(&*snapshot, POINT, b"left");
            assert_eq!(left, get(&*snapshot, RANGE, b"right"));
            if left == last {
                break;
            }
            std::thread::yield_now();
        }
    });
}

pub(super) fn requirements_guard_the_batch(engine: &dyn Engine) {
    let attempt = |expected: Option<&[u8]>, value: &[u8]| {
        let mut batch = Batch::new();
        batch.put(POINT, b"key".to_vec(), value.to_vec());
        batch.put(BLOB, b"beside".to_vec(), value.to_vec());
        batch.require(POINT, b"key".to_vec(), expected.map(<[u8]>::to_vec));
        engine.write(batch)
    };
    let conflicts = |result| matches!(result, Err(Error::Conflict));
    assert!(conflicts(attempt(Some(b"1"), b"x")), "what is absent has no value");
    assert_eq!(get(engine, BLOB, b"beside"), None);
    attempt(None, b"1").expect("absence holds");
    assert!(conflicts(attempt(None, b"x")));
    assert!(conflicts(attempt(Some(b"2"), b"x")));
    assert!(conflicts(attempt(Some(b""), b"x")));
    assert_eq!(get(engine, POINT, b"key"), Some(b"1".to_vec()));
    assert_eq!(get(engine, BLOB, b"beside"), Some(b"1".to_vec()));
    attempt(Some(b"1"), b"").expect("the value is as required");
    assert!(conflicts(attempt(None, b"x")), "an empty value is not absence");
    attempt(Some(b""), b"3").expect("the value is as required");

    // Requirements look at what is there before the batch, and all of them must hold.
    let mut batch = Batch::new();
    batch.put(POINT, b"key".to_vec(), b"4".to_vec());
    batch.require(POINT, b"key".to_vec(), Some(b"3".to_vec()));
    batch.require(BLOB, b"beside".to_vec(), None);
    assert!(conflicts(engine.write(batch)));
    // A batch may only require.
    let mut batch = Batch::new();
    batch.require(POINT, b"key".to_vec(), Some(b"3".to_vec()));
    engine.write(batch).expect("the value is as required");
}

/// Threads count together by compare-and-set; no increment is lost.
pub(super) fn requirements_hold_between_threads(engine: &dyn Engine) {
    const THREADS: u32 = 4;
    const INCREMENTS: u32 = 50;
    let increment = || {
        loop {
            let before = get(engine, POINT, b"count");
            let count = before.as_deref().map_or(0, number);
            let mut batch = Batch::new();
            batch.put(POINT, b"count".to_vec(), (count + 1).to_be_bytes().to_vec());
            batch.require(POINT, b"count".to_vec(), before);
            match engine.write(batch) {
                Ok(()) => return,
                Err(Error::Conflict) => {}
                Err(error) => panic!("neither success nor conflict: {error}"),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..INCREMENTS).for_each(|_| increment()));
        }
    });
    assert_eq!(get(engine, POINT, b"count").as_deref().map(number), Some(THREADS * INCREMENTS));
}

pub(super) fn scans_keep_to_their_range(engine: &dyn Engine) {
    // In byte order, which is neither signed nor by length.
    let keys: [&[u8]; 9] =
        [b"", &[0], &[0, 0], &[0, 255], b"a", b"ab", &[127, 255], &[128], &[255, 255, 255]];
    let mut batch = Batch::new();
    for key in keys.iter().rev() {
        batch.put(RANGE, key.to_vec(), key.to_vec());
    }
    engine.write(batch).expect("a write without requirements succeeds");

    let check = |range: KeyRange, expected: &[&[u8]]| {
        let expected: Vec<Pair> = expected.iter().map(|key| pair(key, key)).collect();
        let forward = pairs(engine, RANGE, range.clone(), Direction::Forward);
        assert_eq!(forward, expected, "forward over {range:?}");
        let mut backward = pairs(engine, RANGE, range.clone(), Direction::Backward);
        backward.reverse();
        assert_eq!(backward, expected, "backward over {range:?}");
    };
    let range = |start: &[u8], end: &[u8]| KeyRange::new(start.to_vec(), end.to_vec());
    check(KeyRange::all(), &keys);
    check(KeyRange::prefix(b""), &keys);
    check(KeyRange::prefix(&[0]), &keys[1..4]);
    check(KeyRange::prefix(&[0, 255]), &keys[3..4]);
    check(KeyRange::prefix(b"a"), &keys[4..6]);
    check(KeyRange::prefix(b"b"), &[]);
    check(KeyRange::prefix(&[255]), &keys[8..]);
    check(KeyRange::prefix(&[255, 255, 255, 255]), &[]);
    check(range(&[0], b"ab"), &keys[1..5]);
    check(range(b"a", b"a"), &[]);
    check(range(b"b", b"a"), &[]);
    check(range(b"", b""), &[]);
    check(range(b"", &[0]), &keys[..1]);
    check(range(b"aa", &[128]), &keys[5..7]);
    check(KeyRange { start: vec![128], end: None }, &keys[7..]);
    // A scan may be left before its end.
    assert_eq!(engine.scan(RANGE, KeyRange::all(), Direction::Backward).take(2).count(), 2);
}

pub(super) fn ranges_are_deleted(engine: &dyn Engine) {
    let fill = || (0..200_u8).for_each(|byte| put(engine, RANGE, &[byte], b"value"));
    let left = |range: KeyRange| {
        fill();
        let mut batch = Batch::new();
        batch.delete_range(RANGE, range);
        engine.write(batch).expect("a write without requirements succeeds");
        dump(engine, RANGE).len()
    };
    assert_eq!(left(KeyRange::new(vec![10], vec![20])), 190);
    assert_eq!(get(engine, RANGE, &[10]), None);
    assert_eq!(get(engine, RANGE, &[20]), Some(b"value".to_vec()));
    assert_eq!(left(KeyRange::new(vec![20], vec![10])), 200, "an empty range deletes nothing");
    assert_eq!(left(KeyRange::new(vec![20], vec![20])), 200);
    assert_eq!(left(KeyRange { start: vec![150], end: None }), 150);
    assert_eq!(left(KeyRange { start: vec![201], end: None }), 200);
    assert_eq!(left(KeyRange::prefix(&[7])), 199);
    assert_eq!(left(KeyRange::all()), 0);
    assert_eq!(left(KeyRange::all()), 0, "what was deleted can be written again");
}

pub(super) fn snapshots_stand_still(engine: &dyn Engine) {
    put(engine, RANGE, b"a", b"1");
    put(engine, RANGE, b"b", b"1");
    let first = engine.snapshot();
    put(engine, RANGE, b"a", b"2");
    put(engine, RANGE, b"c", b"2");
    let second = engine.snapshot();
    let mut batch = Batch::new();
    batch.delete_range(RANGE, KeyRange::all());
    engine.write(batch).expect("a write without requirements succeeds");
    engine.flush().expect("a flush succeeds");
    put(engine, RANGE, b"d", b"3");

    let keys = [b"a".to_vec(), b"c".to_vec()];
    assert_eq!(dump(&*first, RANGE), [pair(b"a", b"1"), pair(b"b", b"1")]);
    assert_eq!(first.get_many(RANGE, &keys).expect("reads succeed"), [Some(b"1".to_vec()), None]);
    assert_eq!(get(&*first, RANGE, b"d"), None);
    let everything = [pair(b"a", b"2"), pair(b"b", b"1"), pair(b"c", b"2")];
    assert_eq!(dump(&*second, RANGE), everything);
    drop(first);
    assert_eq!(dump(&*second, RANGE), everything);
    assert_eq!(
        second.get_many(RANGE, &keys).expect("reads succeed"),
        [Some(b"2".to_vec()), Some(b"2".to_vec())]
    );
    assert_eq!(dump(engine, RANGE), [pair(b"d", b"3")]);
}

pub(super) fn scans_stand_still(engine: &dyn Engine) {
    for byte in 0..=255_u8 {
        put(engine, RANGE, &[byte], b"old");
    }
    for direction in [Direction::Forward, Direction::Backward] {
        let mut scan = engine.scan(RANGE, KeyRange::all(), direction);
        assert!(scan.next().is_some());
        for byte in 0..=255_u8 {
            put(engine, RANGE, &[byte, 1], b"new");
        }
        assert_eq!(scan.count(), 255, "a scan shows what was there when it began");
        let mut batch = Batch::new();
        (0..=255_u8).for_each(|byte| batch.delete(RANGE, vec![byte, 1]));
        engine.write(batch).expect("a write without requirements succeeds");
    }
}

pub(super) fn many_keys_at_once(engine: &dyn Engine) {
    let key = |index: u32| index.to_be_bytes().to_vec();
    let mut batch = Batch::new();
    for index in (0..1000).step_by(2) {
        batch.put(POINT, key(index), key(index));
    }
    engine.write(batch).expect("a write without requirements succeeds");
    assert!(engine.get_many(POINT, &[]).expect("reads succeed").is_empty());
    let check = |indices: Vec<u32>| {
        let keys: Vec<_> = indices.iter().map(|&index| key(index)).collect();
        let expected: Vec<_> =
            indices.iter().map(|&index| (index < 1000 && index % 2 == 0).then(|| key(index))).collect();
        assert_eq!(engine.get_many(POINT, &keys).expect("reads succeed"), expected);
    };
    check((0..1100).collect());
    check((0..1100).rev().collect());
    check(vec![4, 4, 5, 5, 4, 998, 0]);
    engine.flush().expect("a flush succeeds");
    check((0..1100).collect());
    check(vec![998, 4, 4, 5, 5, 4, 0]);
}

fn pair(key: &[u8], value: &[u8]) -> Pair {
    (key.to_vec(), value.to_vec())
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes.try_into().expect("the suite writes four bytes"))
}
