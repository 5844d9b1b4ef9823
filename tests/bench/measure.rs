//! One measurement: from a start to a finish, what was done, how long each took and what it cost.

use crate::homeserver::Homeserver;
use crate::process;
use crate::report::Row;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where the cost of a server is read.
pub(crate) struct Probe {
    pub(crate) server: Arc<Homeserver>,
    pub(crate) pids: Vec<u32>,
    pub(crate) data_dirs: Vec<PathBuf>,
}

pub(crate) struct Running<'a> {
    probe: &'a Probe,
    started: Instant,
    cpu_seconds: f64,
    own_cpu_seconds: f64,
    limited: u64,
}

/// How the operations of a measurement followed each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Each as soon as the one before it was answered, so operations a second mean something.
    Full,
    /// With pauses between them.
    Paused,
}

impl Probe {
    pub(crate) fn start(&self) -> Running<'_> {
        Running {
            probe: self,
            cpu_seconds: process::cpu_seconds(&self.pids),
            own_cpu_seconds: process::cpu_seconds(&[std::process::id()]),
            limited: self.server.limited(),
            started: Instant::now(),
        }
    }
}

impl Running<'_> {
    /// `operations` is what the cost is divided by; the latencies may be of something else (each listener of a message).
    pub(crate) fn finish(&self, case: &str, pace: Pace, operations: usize, latencies: &[Duration]) -> Row {
        let seconds = self.started.elapsed().as_secs_f64();
        let mut sorted = latencies.to_vec();
        sorted.sort();
        let watched = !self.probe.pids.is_empty();
        let cost = |now: f64, before: f64| watched.then_some(now - before);
        Row {
            scenario: String::new(),
            case: case.to_owned(),
            size: None,
            operations: u64::try_from(operations).unwrap_or(u64::MAX),
            seconds,
            per_second: (pace == Pace::Full).then(|| count(operations) / seconds),
            p50_ms: percentile_ms(&sorted, 50),
            p99_ms: percentile_ms(&sorted, 99),
            max_ms: percentile_ms(&sorted, 100),
            cpu_seconds: cost(process::cpu_seconds(&self.probe.pids), self.cpu_seconds),
            generator_cpu_seconds: process::cpu_seconds(&[std::process::id()]) - self.own_cpu_seconds,
            memory_bytes: watched.then(|| process::memory_bytes(&self.probe.pids)),
            disk_bytes: (!self.probe.data_dirs.is_empty())
                .then(|| process::disk_bytes(&self.probe.data_dirs)),
            memory_rise_bytes: None,
            index_bytes: None,
            peer_cpu_seconds: None,
            limited: self.probe.server.limited() - self.limited,
        }
    }
}

/// The smallest latency that this share of all are not above.
fn percentile_ms(sorted: &[Duration], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map(|latency| latency.as_secs_f64() * 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "a number of operations is far below 2^52")]
fn count(operations: usize) -> f64 {
    operations as f64
}

#[cfg(test)]
mod tests {
    use super::percentile_ms;
    use std::time::Duration;

    #[test]
    fn percentiles_are_of_the_values_themselves() {
        let sorted: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let of = |percent| percentile_ms(&sorted, percent);
        assert_eq!((of(50), of(99), of(100)), (Some(100.0), Some(198.0), Some(200.0)));
        assert_eq!(percentile_ms(&sorted[..1], 99), Some(1.0));
        assert_eq!(percentile_ms(&[], 50), None);
    }
}
