//! Single flight: whoever wants what is being fetched already waits for that fetch instead of making another.

use std::{collections::HashMap, hash::Hash};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;

/// The fetches under way.
pub(crate) struct Flights<K, V: Clone>(Mutex<HashMap<K, Shared<BoxFuture<'static, V>>>>);

impl<K, V: Clone> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Flights<K, V> {
    /// Waits for the fetch of `key` that is under way, or for the one that `start` begins.
    pub(crate) async fn join(&self, key: K, start: impl FnOnce() -> BoxFuture<'static, V>) -> V {
        let flight = self.0.lock().entry(key.clone()).or_insert_with(|| start().shared()).clone();
        let value = flight.clone().await;
        let mut flights = self.0.lock();
        if flights.get(&key).is_some_and(|current| current.ptr_eq(&flight)) {
            flights.remove(&key);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn one_fetch_serves_all_who_wait_and_the_next_is_a_new_one() {
        let flights = Flights::<&str, usize>::default();
        let fetches = Arc::new(AtomicUsize::new(0));
        let fetch = || {
            let fetches = Arc::clone(&fetches);
            move || {
                async move {
                    tokio::task::yield_now().await;
                    fetches.fetch_add(1, Ordering::SeqCst)
                }
                .boxed()
            }
        };
        let both = tokio::join!(flights.join("a", fetch()), flights.join("a", fetch()));
        assert_eq!(both, (0, 0));
        assert_eq!(flights.join("a", fetch()).await, 1);
        assert!(flights.0.lock().is_empty());
    }
}
