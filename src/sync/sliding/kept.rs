//! What is kept ready in memory and changes while it is kept: each is weighed when it is put back, not in between.

use std::{hash::Hash, sync::Arc};

use parking_lot::Mutex;
use quick_cache::{Weighter, sync::Cache};

/// A bounded number of bytes of things that change.
pub(super) struct Kept<K, T>(Cache<K, Weighed<T>, AsWeighed>);

struct Weighed<T> {
    bytes: u64,
    value: Arc<Mutex<T>>,
}

#[derive(Clone)]
struct AsWeighed;

impl<K, T> Weighter<K, Weighed<T>> for AsWeighed {
    fn weight(&self, _: &K, weighed: &Weighed<T>) -> u64 {
        weighed.bytes
    }
}

impl<T> Clone for Weighed<T> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes, value: Arc::clone(&self.value) }
    }
}

impl<K: Eq + Hash + Clone, T> Kept<K, T> {
    /// Nothing yet; a typical thing has `typical_bytes`.
    pub(super) fn new(bytes_max: u64, typical_bytes: u64) -> Self {
        let entries = usize::try_from(bytes_max / typical_bytes.max(1)).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(entries, bytes_max, AsWeighed))
    }

    pub(super) fn get(&self, key: &K) -> Option<Arc<Mutex<T>>> {
        self.0.get(key).map(|weighed| weighed.value)
    }

    /// Keeps a thing that has this many bytes now.
    pub(super) fn put(&self, key: K, value: Arc<Mutex<T>>, bytes: u64) {
        self.0.insert(key, Weighed { bytes, value });
    }

    pub(super) fn remove(&self, key: &K) {
        self.0.remove(key);
    }
}
