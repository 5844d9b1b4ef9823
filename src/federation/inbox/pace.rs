//! How fast one server may send transactions: past some a second it is slowed down, and past more it is refused, so
//! that one server cannot keep the others waiting.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use kith_base::Clock;
use kith_config::{FederationRate, RateLimits};
use parking_lot::Mutex;
use ruma::{OwnedServerName, ServerName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::TransactionError;

/// From how many servers on those are forgotten that have not sent anything lately.
const SERVERS_REMEMBERED: usize = 4_096;

type Servers = Arc<Mutex<HashMap<OwnedServerName, Walker>>>;

/// The pace of all servers.
pub(super) struct Pace {
    clock: Clock,
    rate: FederationRate,
    enabled: bool,
    servers: Servers,
}

/// The pace of one server.
struct Walker {
    /// When it sent something, within the window.
    sent_ms: VecDeque<u64>,
    /// Transactions that are being dealt with or wait.
    present: usize,
    free: Arc<Semaphore>,
}

/// The right to have a transaction dealt with, until it is dropped.
pub(super) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
    _place: Option<Place>,
}

/// A place among the transactions of a server.
struct Place {
    servers: Servers,
    server: OwnedServerName,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(walker) = self.servers.lock().get_mut(&self.server) {
            walker.present = walker.present.saturating_sub(1);
        }
    }
}

impl Pace {
    pub(super) fn new(clock: Clock, limits: &RateLimits) -> Self {
        Self { clock, rate: limits.federation, enabled: limits.enabled, servers: Servers::default() }
    }

    /// Waits until a server may have its next transaction dealt with.
    pub(super) async fn turn(&self, server: &ServerName) -> Result<Turn, TransactionError> {
        if !self.enabled {
            return Ok(Turn { _permit: None, _place: None });
        }
        let (place, free, slow) = self.enter(server)?;
        if slow {
            tokio::time::sleep(Duration::from_millis(self.rate.slow_ms)).await;
        }
        // The semaphore is never closed.
        Ok(Turn { _permit: free.acquire_owned().await.ok(), _place: Some(place) })
    }

    /// Notes that a server sends something; says whether it has to be slowed down.
    fn enter(&self, server: &ServerName) -> Result<(Place, Arc<Semaphore>, bool), TransactionError> {
        let now_ms = self.clock.now_ms();
        let FederationRate { window_ms, slow_from, reject_from, concurrent, .. } = self.rate;
        let mut servers = self.servers.lock();
        if servers.len() >= SERVERS_REMEMBERED {
            servers.retain(|_, walker| walker.present > 0 || walker.lately(now_ms, window_ms) > 0);
        }
        let walker = servers.entry(server.to_owned()).or_insert_with(|| Walker {
            sent_ms: VecDeque::new(),
            present: 0,
            free: Arc::new(Semaphore::new(concurrent)),
        });
        let lately = walker.lately(now_ms, window_ms);
        if walker.present >= reject_from || lately >= reject_from {
            return Err(TransactionError::TooFast { retry_after_ms: window_ms });
        }
        walker.sent_ms.push_back(now_ms);
        walker.present += 1;
        let place = Place { servers: Arc::clone(&self.servers), server: server.to_owned() };
        Ok((place, Arc::clone(&walker.free), lately >= slow_from))
    }
}

impl Walker {
    /// How much the server sent within the window.
    fn lately(&mut self, now_ms: u64, window_ms: u64) -> usize {
        while self.sent_ms.front().is_some_and(|sent_ms| sent_ms + window_ms <= now_ms) {
            self.sent_ms.pop_front();
        }
        self.sent_ms.len()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use ruma::server_name;

    use super::*;

    fn pace(clock: &Clock) -> Pace {
        let federation =
            FederationRate { window_ms: 1_000, slow_from: 2, slow_ms: 500, reject_from: 4, concurrent: 1 };
        Pace::new(clock.clone(), &RateLimits { federation, ..RateLimits::default() })
    }

    #[test]
    fn who_sends_too_much_is_slowed_down_and_then_refused() {
        let clock = Clock::fixed(1_000_000);
        let pace = pace(&clock);
        let (fast, calm) = (server_name!("fast.example"), server_name!("calm.example"));
        let enter = |server| pace.enter(server).map(|(_, _, slow)| slow);
        let slowed: Vec<_> = (0..5).map(|_| enter(fast).ok()).collect();
        assert_eq!(slowed, [Some(false), Some(false), Some(true), Some(true), None]);
        assert!(matches!(enter(fast), Err(TransactionError::TooFast { retry_after_ms: 1_000 })));
        assert_eq!(enter(calm).ok(), Some(false), "others do not notice");
        clock.advance(Duration::from_millis(1_000));
        assert_eq!(enter(fast).ok(), Some(false));
    }

    #[test]
    fn one_server_has_only_so_many_turns_at_the_same_time() {
        let clock = Clock::fixed(1_000_000);
        let pace = pace(&clock);
        let server = server_name!("busy.example");
        let first = pace.turn(server).now_or_never().expect("free").expect("not too fast");
        assert!(pace.turn(server).now_or_never().is_none(), "the next one waits");
        drop(first);
        assert!(pace.servers.lock().values().all(|walker| walker.present == 0));
    }
}
