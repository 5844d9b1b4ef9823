//! Work that many may want at once and that is done once: whoever comes while it is under way waits for the same end.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use kith_base::Tasks;
use parking_lot::Mutex;
use tokio::sync::watch;

type Running<K, R> = Mutex<HashMap<K, watch::Receiver<Option<R>>>>;

/// What is under way, by key.
pub(crate) struct Flights<K, R> {
    running: Arc<Running<K, R>>,
    name: &'static str,
}

/// Takes a flight off the list when it has ended, however it ended.
struct Landing<K: Eq + Hash, R> {
    running: Arc<Running<K, R>>,
    key: K,
}

impl<K: Eq + Hash, R> Drop for Landing<K, R> {
    fn drop(&mut self) {
        self.running.lock().remove(&self.key);
    }
}

impl<K, R> Flights<K, R>
where
    K: Clone + Eq + Hash + Send + 'static,
    R: Clone + Send + Sync + 'static,
{
    pub(crate) fn new(name: &'static str) -> Self {
        Self { running: Arc::default(), name }
    }

    /// Waits for the work of `key`, which is `work` unless it is under way already. The work goes on when whoever
    /// began it leaves. `None`: it ended without a result, which is a bug that has been logged.
    pub(crate) async fn join<F>(&self, tasks: &Tasks, key: K, work: impl FnOnce() -> F) -> Option<R>
    where
        F: Future<Output = R> + Send + 'static,
    {
        let mut result = {
            let mut running = self.running.lock();
            match running.get(&key) {
                Some(result) => result.clone(),
                None => {
                    let (done, result) = watch::channel(None);
                    running.insert(key.clone(), result.clone());
                    let landing = Landing { running: Arc::clone(&self.running), key };
                    let work = work();
                    tasks.spawn(self.name, async move {
                        let ended = work.await;
                        // Whoever comes from here on begins anew.
                        drop(landing);
                        done.send_replace(Some(ended));
                    });
                    result
                }
            }
        };
        let ended = result.wait_for(Option::is_some).await.ok()?;
        ended.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn work_is_done_once_for_all_who_wait() {
        let (tasks, flights, count) = (Tasks::new(), Flights::new("test"), Arc::new(AtomicU32::new(0)));
        let work = || {
            let count = Arc::clone(&count);
            async move {
                tokio::task::yield_now().await;
                count.fetch_add(1, Ordering::SeqCst)
            }
        };
        let joins = (0..10).map(|_| flights.join(&tasks, "key", work));
        let results = futures_util::future::join_all(joins).await;
        assert_eq!(results, vec![Some(0); 10]);
        assert_eq!(flights.join(&tasks, "key", work).await, Some(1));
        assert_eq!(flights.join(&tasks, "other", work).await, Some(2));
    }

    #[tokio::test]
    async fn a_bug_leaves_nobody_waiting() {
        let (tasks, flights) = (Tasks::new(), Flights::<_, u8>::new("test"));
        assert_eq!(flights.join(&tasks, 1, || async { panic!("on purpose") }).await, None);
        assert_eq!(flights.join(&tasks, 1, || async { 7 }).await, Some(7));
    }
}
