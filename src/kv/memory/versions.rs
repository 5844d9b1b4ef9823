//! The versions of every key, and which of them some snapshot can still see. The lock around them is the engine's.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use crate::{Direction, Error, Family, KeyRange, Pair};

/// A value and the sequence number of the batch that wrote it; `None` is a deletion.
struct Version {
    sequence: u64,
    value: Option<Vec<u8>>,
}

/// Versions of one key, oldest first.
type History = Vec<Version>;

pub(super) struct Versions {
    families: Vec<BTreeMap<Vec<u8>, History>>,
    sequence: u64,
    /// How many snapshots are pinned at each sequence number.
    pins: BTreeMap<u64, usize>,
    /// Keys with versions that only snapshots see, by the sequence number from which on nobody does.
    superseded: VecDeque<(u64, Family, Vec<u8>)>,
}

impl Versions {
    pub(super) fn new(families: usize) -> Self {
        Self {
            families: (0..families).map(|_| BTreeMap::new()).collect(),
            sequence: 0,
            pins: BTreeMap::new(),
            superseded: VecDeque::new(),
        }
    }

    /// The newest version of every key, and nothing else.
    pub(super) fn newest(&self) -> Self {
        let families = self.families.iter().map(|entries| {
            let alive = entries.iter().filter_map(|(key, history)| {
                let value = history.last()?.value.clone()?;
                Some((key.clone(), vec![Version { sequence: 0, value: Some(value) }]))
            });
            alive.collect()
        });
        Self { families: families.collect(), ..Self::new(0) }
    }

    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(super) fn keys(&self) -> usize {
        self.families.iter().map(BTreeMap::len).sum()
    }

    pub(super) fn pins(&self) -> usize {
        self.pins.values().sum()
    }

    pub(super) fn superseded(&self) -> usize {
        self.superseded.len()
    }

    pub(super) fn check_family(&self, family: Family) -> Result<(), Error> {
        self.family(family).map(|_| ())
    }

    pub(super) fn get(&self, family: Family, key: &[u8], at: u64) -> Result<Option<&Vec<u8>>, Error> {
        Ok(self.family(family)?.get(key).and_then(|history| visible(history, at)))
    }

    pub(super) fn get_many(
        &self,
        family: Family,
        keys: &[Vec<u8>],
        at: u64,
    ) -> Result<Vec<Option<Vec<u8>>>, Error> {
        keys.iter().map(|key| Ok(self.get(family, key, at)?.cloned())).collect()
    }

    /// At most `limit` pairs of a range that is not empty.
    pub(super) fn chunk(
        &self,
        family: Family,
        range: &KeyRange,
        direction: Direction,
        at: u64,
        limit: usize,
    ) -> Result<Vec<Pair>, Error> {
        let entries = self.family(family)?.range::<[u8], _>(bounds(range));
        let copy = |(key, history): (&Vec<u8>, &History)| {
            visible(history, at).map(|value| (key.clone(), value.clone()))
        };
        Ok(match direction {
            Direction::Forward => entries.filter_map(copy).take(limit).collect(),
            Direction::Backward => entries.rev().filter_map(copy).take(limit).collect(),
        })
    }

    pub(super) fn pin(&mut self) -> u64 {
        *self.pins.entry(self.sequence).or_default() += 1;
        self.sequence
    }

    pub(super) fn unpin(&mut self, sequence: u64) {
        if let Some(count) = self.pins.get_mut(&sequence) {
            *count -= 1;
            if *count == 0 {
                self.pins.remove(&sequence);
            }
        }
        let horizon = self.horizon();
        while let Some((from, _, _)) = self.superseded.front()
            && *from <= horizon
            && let Some((_, family, key)) = self.superseded.pop_front()
        {
            self.trim(family, &key, horizon);
        }
    }

    /// Opens the next sequence number, under which the changes of one batch are made.
    pub(super) fn begin(&mut self) {
        self.sequence += 1;
    }

    /// Sets or deletes a key under the current sequence number. The family has been checked.
    pub(super) fn set(&mut self, family: Family, key: Vec<u8>, value: Option<Vec<u8>>) {
        let sequence = self.sequence;
        let history = self.families[usize::from(family.0)].entry(key.clone()).or_default();
        match history.last_mut() {
            Some(last) if last.sequence == sequence => last.value = value,
            _ => history.push(Version { sequence, value }),
        }
        if !self.trim(family, &key, self.horizon()) {
            self.superseded.push_back((sequence, family, key));
        }
    }

    /// Deletes every key of a range under the current sequence number. The family has been checked.
    pub(super) fn clear(&mut self, family: Family, range: &KeyRange) {
        if range.is_empty() {
            return;
        }
        let keys: Vec<Vec<u8>> = self.families[usize::from(family.0)]
            .range::<[u8], _>(bounds(range))
            .map(|(key, _)| key.clone())
            .collect();
        for key in keys {
            self.set(family, key, None);
        }
    }

    /// The oldest sequence number that anyone can still read at.
    fn horizon(&self) -> u64 {
        self.pins.keys().next().copied().unwrap_or(self.sequence)
    }

    /// Drops what nobody at or after `horizon` sees of a key. True if nothing is left to drop later.
    fn trim(&mut self, family: Family, key: &[u8], horizon: u64) -> bool {
        let entries = &mut self.families[usize::from(family.0)];
        let Some(history) = entries.get_mut(key) else { return true };
        // The last version at or before the horizon is what the oldest reader sees; those before it are dead.
        let dead = history.iter().rposition(|version| version.sequence <= horizon).unwrap_or(0);
        history.drain(..dead);
        let settled = history.len() == 1 && history[0].sequence <= horizon;
        if settled && history[0].value.is_none() {
            entries.remove(key);
            return true;
        }
        history.len() == 1 && history[0].value.is_some()
    }

    fn family(&self, family: Family) -> Result<&BTreeMap<Vec<u8>, History>, Error> {
        self.families.get(usize::from(family.0)).ok_or(Error::UnknownFamily(family))
    }
}

fn visible(history: &[Version], at: u64) -> Option<&Vec<u8>> {
    history.iter().rev().find(|version| version.sequence <= at)?.value.as_ref()
}

fn bounds(range: &KeyRange) -> (Bound<&[u8]>, Bound<&[u8]>) {
    let end = match &range.end {
        Some(end) => Bound::Excluded(end.as_slice()),
        None => Bound::Unbounded,
    };
    (Bound::Included(range.start.as_slice()), end)
}
