//! The task supervisor: the one place that starts tasks and moves work to the blocking pool.
//!
//! It knows how many tasks run, tells them when to stop, and waits for them. It does not restart anything: a task
//! that may fail loops over its own failures, and a panic is a bug that is logged and counted.

use futures_util::FutureExt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Starts tasks, and at the end stops them all. Clones share the same set of tasks.
#[derive(Clone, Debug)]
pub struct Tasks {
    tracker: TaskTracker,
    stopping: CancellationToken,
    pool: Pool,
}

/// Where blocking work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pool {
    Threads,
    Caller,
}

impl Tasks {
    /// An empty set of tasks.
    pub fn new() -> Tasks {
        Tasks::with(Pool::Threads)
    }

    /// An empty set of tasks for simulations: blocking work is done right where somebody waits for it, so that one
    /// thread runs everything, in one order.
    pub fn on_one_thread() -> Tasks {
        Tasks::with(Pool::Caller)
    }

    fn with(pool: Pool) -> Tasks {
        Tasks { tracker: TaskTracker::new(), stopping: CancellationToken::new(), pool }
    }

    /// Runs `future` in the background. `name` says in logs and metrics which task it was.
    ///
    /// The task is not aborted at shutdown: whoever can wait long also waits for [`Tasks::stopping`].
    pub fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(async move {
            // The default hook has printed the panic with its place already; here it gets the task's name.
            if AssertUnwindSafe(future).catch_unwind().await.is_err() {
                tracing::error!(task = name, "a background task panicked and has ended");
                metrics::counter!("kith_task_panics_total", "task" => name).increment(1);
            }
        });
    }

    /// Runs `work` on the blocking pool and waits for it. A panic in `work` continues in the caller.
    ///
    /// The work is finished even if the caller stops waiting, and shutdown waits for it too: a commit whose client
    /// has hung up still reaches the disk.
    pub async fn blocking<R: Send + 'static>(&self, work: impl FnOnce() -> R + Send + 'static) -> R {
        if self.pool == Pool::Caller {
            tokio::task::yield_now().await;
            return work();
        }
        match self.tracker.spawn_blocking(work).await {
            Ok(result) => result,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime itself is being torn down and dropped the work unstarted. The caller is about to be
                // dropped as well; waiting is the only thing left that cannot be wrong.
                Err(_cancelled) => std::future::pending().await,
            },
        }
    }

    /// The token that is cancelled when the server begins to stop. Long waits end with it.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Tells every task to stop and waits up to `deadline` for them. True when all of them have ended.
    pub async fn stop(&self, deadline: Duration) -> bool {
        self.stopping.cancel();
        self.tracker.close();
        tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok()
    }
}

impl Default for Tasks {
    fn default() -> Tasks {
        Tasks::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Tasks;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    #[tokio::test]
    async fn stop_tells_tasks_and_waits_for_them() {
        let tasks = Tasks::new();
        let ended = Arc::new(AtomicBool::new(false));
        let (stopping, flag) = (tasks.stopping(), ended.clone());
        tasks.spawn("waiter", async move {
            stopping.cancelled().await;
            flag.store(true, Ordering::SeqCst);
        });
        assert!(tasks.stop(Duration::from_secs(5)).await);
        assert!(ended.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn stop_gives_up_at_its_deadline() {
        let tasks = Tasks::new();
        tasks.spawn("stubborn", std::future::pending());
        assert!(!tasks.stop(Duration::from_millis(20)).await);
    }

    #[tokio::test]
    async fn on_one_thread_blocking_work_stays_there() {
        let here = std::thread::current().id();
        assert_eq!(Tasks::on_one_thread().blocking(|| std::thread::current().id()).await, here);
        assert_ne!(Tasks::new().blocking(|| std::thread::current().id()).await, here);
    }

    #[tokio::test]
    async fn a_panicking_task_harms_nobody_else() {
        let tasks = Tasks::new();
        tasks.spawn("broken", async { panic!("on purpose") });
        assert_eq!(tasks.blocking(|| 2 + 2).await, 4);
        assert!(tasks.stop(Duration::from_secs(5)).await);
    }

    #[tokio::test]
    #[should_panic(expected = "on purpose")]
    async fn a_panic_in_blocking_work_continues_in_the_caller() {
        Tasks::new().blocking(|| panic!("on purpose")).await
    }
}
