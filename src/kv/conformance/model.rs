//! Random histories of batches against an ordered map. A failure names its seed.

use std::collections::BTreeMap;

use super::{BLOB, POINT, RANGE, clear, dump, pairs};
use crate::{Batch, Direction, Engine, Error, Family, KeyRange, Read};

const FAMILIES: [Family; 3] = [POINT, RANGE, BLOB];
const BATCHES: usize = 60;
const OPERATIONS_MAX: u64 = 12;

type Model = BTreeMap<(Family, Vec<u8>), Vec<u8>>;

pub(super) fn random_history(engine: &dyn Engine, seed: u64) {
    let mut chance = Chance(seed);
    let mut model = Model::new();
    let mut snapshot: Option<(Box<dyn Read + '_>, Model)> = None;
    for _ in 0..BATCHES {
        step(engine, &mut model, &mut chance, seed);
        if let Some((read, then)) = &snapshot {
            compare(&**read, then, &mut chance, seed);
        }
        match chance.below(8) {
            0 => snapshot = Some((engine.snapshot(), model.clone())),
            1 => snapshot = None,
            2 => engine.flush().expect("a flush succeeds"),
            _ => {}
        }
    }
    compare(engine, &model, &mut chance, seed);
}

/// The same, but the engine is closed and opened between batches and must have kept everything.
pub(super) fn reopened_history(open: impl Fn() -> Box<dyn Engine>, seed: u64) {
    let mut chance = Chance(seed);
    let mut model = Model::new();
    clear(&*open());
    for _ in 0..BATCHES / 10 {
        let engine = open();
        compare(&*engine, &model, &mut chance, seed);
        for _ in 0..4 {
            step(&*engine, &mut model, &mut chance, seed);
        }
        match chance.below(3) {
            0 => engine.sync().expect("a sync succeeds"),
            1 => engine.flush().expect("a flush succeeds"),
            _ => {}
        }
    }
    compare(&*open(), &model, &mut chance, seed);
}

/// One random batch, to the engine and to the model.
fn step(engine: &dyn Engine, model: &mut Model, chance: &mut Chance, seed: u64) {
    let mut batch = Batch::new();
    let mut after = model.clone();
    for _ in 0..chance.below(OPERATIONS_MAX) {
        let family = chance.family();
        let key = chance.key();
        match chance.below(10) {
            0..6 => {
                let value = chance.next().to_be_bytes()[..chance.size(8)].to_vec();
                batch.put(family, key.clone(), value.clone());
                after.insert((family, key), value);
            }
            6..9 => {
                batch.delete(family, key.clone());
                after.remove(&(family, key));
            }
            _ => {
                let range = chance.range();
                batch.delete_range(family, range.clone());
                after.retain(|(other, key), _| *other != family || !range.contains(key));
            }
        }
    }
    let mut holds = true;
    if chance.below(4) == 0 {
        let (family, key) = (chance.family(), chance.key());
        let present = model.get(&(family, key.clone())).cloned();
        let expected = if chance.below(2) == 0 { present.clone() } else { Some(vec![1, 2, 3]) };
        holds = expected == present;
        batch.require(family, key, expected);
    }
    match engine.write(batch) {
        Ok(()) => {
            assert!(holds, "seed {seed}: the requirement did not hold");
            *model = after;
        }
        Err(Error::Conflict) => assert!(!holds, "seed {seed}: the requirement did hold"),
        Err(error) => panic!("seed {seed}: neither success nor conflict: {error}"),
    }
}

fn compare(read: &dyn Read, model: &Model, chance: &mut Chance, seed: u64) {
    for family in FAMILIES {
        let expected = |range: &KeyRange| -> Vec<_> {
            model
                .iter()
                .filter(|((other, key), _)| *other == family && range.contains(key))
                .map(|((_, key), value)| (key.clone(), value.clone()))
                .collect()
        };
        assert_eq!(dump(read, family), expected(&KeyRange::all()), "seed {seed}: all of family {family}");
        let range = chance.range();
        assert_eq!(pairs(read, family, range.clone(), Direction::Forward), expected(&range), "seed {seed}");
        let mut backward = pairs(read, family, range.clone(), Direction::Backward);
        backward.reverse();
        assert_eq!(backward, expected(&range), "seed {seed}: backward over {range:?}");

        let keys: Vec<_> = (0..8).map(|_| chance.key()).collect();
        let values: Vec<_> = keys.iter().map(|key| model.get(&(family, key.clone())).cloned()).collect();
        assert_eq!(read.get_many(family, &keys).expect("reads succeed"), values, "seed {seed}");
        for (key, value) in keys.iter().zip(values) {
            assert_eq!(read.get(family, key).expect("reads succeed"), value, "seed {seed}");
        }
    }
}

/// A small generator of its own, so that the suite needs nothing an engine's crate would have to depend on.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // The splitmix64 generator.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A size from 0 to `max`.
    fn size(&mut self, max: u8) -> usize {
        usize::from(self.byte() % (max + 1))
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn family(&mut self) -> Family {
        FAMILIES[usize::from(self.byte()) % FAMILIES.len()]
    }

    /// A key of up to three bytes out of few, so that histories meet the same keys again.
    fn key(&mut self) -> Vec<u8> {
        const BYTES: [u8; 4] = [0, 1, 128, 255];
        (0..self.size(3)).map(|_| BYTES[usize::from(self.byte() % 4)]).collect()
    }

    fn range(&mut self) -> KeyRange {
        match self.below(4) {
            0 => KeyRange::prefix(&self.key()),
            1 => KeyRange { start: self.key(), end: None },
            _ => KeyRange::new(self.key(), self.key()),
        }
    }
}
