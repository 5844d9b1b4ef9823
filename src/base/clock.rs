//! The clock: the one place that reads time.
//!
//! Two kinds of time live here. Unix time (`now_ms`) is what events and tokens carry and may jump when the machine's
//! clock is set; monotonic time (`instant`) only measures how long something took and never goes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A source of time. Clones share the same source.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    Fixed(Arc<Fixed>),
    Runtime(Arc<Runtime>),
}

/// A clock that goes as the timers of the async runtime do, also where those run ahead of real time.
#[derive(Debug)]
struct Runtime {
    started_ms: u64,
    started: tokio::time::Instant,
}

/// A clock that stands still until somebody advances it.
#[derive(Debug)]
struct Fixed {
    now_ms: AtomicU64,
    started_ms: u64,
    started: Instant,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Clock {
        Clock { source: Source::System }
    }

    /// A clock for tests: it shows `now_ms` (Unix time) and moves only by [`Clock::advance`].
    pub fn fixed(now_ms: u64) -> Clock {
        let fixed = Fixed { now_ms: AtomicU64::new(now_ms), started_ms: now_ms, started: read_monotonic() };
        Clock { source: Source::Fixed(Arc::new(fixed)) }
    }

    /// A clock for simulations: it shows `now_ms` (Unix time) now and goes on with the timers of the runtime in which
    /// this is called.
    pub fn of_runtime(now_ms: u64) -> Clock {
        let runtime = Runtime { started_ms: now_ms, started: tokio::time::Instant::now() };
        Clock { source: Source::Runtime(Arc::new(runtime)) }
    }

    /// Milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> u64 {
        match &self.source {
            Source::System => read_unix_ms(),
            Source::Fixed(fixed) => fixed.now_ms.load(Ordering::SeqCst),
            Source::Runtime(runtime) => {
                let passed_ms = u64::try_from(runtime.started.elapsed().as_millis()).unwrap_or(u64::MAX);
                runtime.started_ms.saturating_add(passed_ms)
            }
        }
    }

    /// Monotonic time, for measuring durations.
    pub fn instant(&self) -> Instant {
        match &self.source {
            Source::System => read_monotonic(),
            Source::Fixed(fixed) => {
                let passed_ms = fixed.now_ms.load(Ordering::SeqCst).saturating_sub(fixed.started_ms);
                fixed.started + Duration::from_millis(passed_ms)
            }
            Source::Runtime(runtime) => (runtime.started + runtime.started.elapsed()).into_std(),
        }
    }

    /// Moves a fixed clock forward, for every clone of it.
    ///
    /// # Panics
    /// On a clock that moves by itself: a test that tries has been given the wrong clock.
    pub fn advance(&self, by: Duration) {
        match &self.source {
            Source::System | Source::Runtime(_) => panic!("only a fixed clock can be advanced"),
            Source::Fixed(fixed) => {
                let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
                fixed.now_ms.fetch_add(by_ms, Ordering::SeqCst);
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the function everyone else is sent to")]
fn read_unix_ms() -> u64 {
    // A machine whose clock stands before 1970 has no usable time; zero is at least ordered before everything.
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "this is the function everyone else is sent to")]
fn read_monotonic() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use std::time::Duration;

    #[test]
    fn a_fixed_clock_moves_both_times_together_for_every_clone() {
        let clock = Clock::fixed(1_000);
        let clone = clock.clone();
        let before = clone.instant();
        clock.advance(Duration::from_millis(250));
        assert_eq!(clone.now_ms(), 1_250);
        assert_eq!(clone.instant() - before, Duration::from_millis(250));
    }

    #[test]
    fn the_system_clock_is_past_2020() {
        assert!(Clock::system().now_ms() > 1_577_836_800_000);
    }
}
