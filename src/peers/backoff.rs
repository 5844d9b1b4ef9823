//! Patience with servers that do not answer: how long each is left alone, across restarts.
//!
//! The rule is a pure function; around it are the servers in memory and their rows in the table.

use std::{collections::HashMap, sync::Arc};

use kith_base::{Clock, Random, Tasks};
use kith_config::Federation;
use kith_store::{
    Direction, Error, Store,
    tables::peers::{BackoffRecord, PEER_BACKOFF},
};
use parking_lot::Mutex;
use ruma::{OwnedServerName, ServerName};
use tokio::sync::broadcast;

/// How many servers are remembered to be away. Beyond that, the others are simply asked.
const AWAY_MAX: usize = 100_000;
/// A row that nobody has asked for in this long is dropped at the next start, in milliseconds.
const ROW_AGE_MAX_MS: u64 = 7 * 24 * 3_600_000;
/// How often a server that sends but does not answer is given another chance, in milliseconds.
const EXCUSE_INTERVAL_MS: u64 = 60_000;
/// How many returns a listener may be behind.
const RETURNS_MAX: usize = 1_024;
/// By how much an interval varies, in percent, so that servers do not all come at once.
const JITTER_PERCENT: u64 = 20;

/// The servers that are away.
pub(crate) struct Backoff {
    store: Arc<Store>,
    tasks: Tasks,
    clock: Clock,
    random: Random,
    limits: Limits,
    away: Mutex<HashMap<OwnedServerName, Away>>,
    returns: broadcast::Sender<OwnedServerName>,
}

/// The shortest and the longest interval, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Limits {
    min_ms: u64,
    max_ms: u64,
}

/// A server that failed to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Away {
    failing_since_ms: u64,
    interval_ms: u64,
    retry_at_ms: u64,
    /// When it was last given another chance because it sent something. Not kept across restarts.
    excused_at_ms: Option<u64>,
}

/// How long a server has not answered, and when it is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Since when, in unix milliseconds.
    pub failing_since_ms: u64,
    /// How long it was left alone after the last failure, in milliseconds.
    pub interval_ms: u64,
    /// When it may be asked again, in unix milliseconds.
    pub retry_at_ms: u64,
}

impl Away {
    /// What to remember after a request that began at `started_ms` has failed; `None` if it says nothing new, because
    /// it began before the server was known to be away, or without regard to that.
    fn after_failure(
        before: Option<Self>,
        started_ms: u64,
        now_ms: u64,
        limits: Limits,
        jitter_ms: impl FnOnce(u64) -> u64,
    ) -> Option<Self> {
        let interval_ms = match before {
            Some(before) if started_ms < before.retry_at_ms => return None,
            Some(before) => before.interval_ms.saturating_mul(2).clamp(limits.min_ms, limits.max_ms),
            None => limits.min_ms,
        };
        let wait_ms = interval_ms.saturating_add(jitter_ms(interval_ms / 100 * JITTER_PERCENT));
        Some(Self {
            failing_since_ms: before.map_or(now_ms, |before| before.failing_since_ms),
            interval_ms,
            retry_at_ms: now_ms.saturating_add(wait_ms),
            excused_at_ms: before.and_then(|before| before.excused_at_ms),
        })
    }

    /// What to remember after the server has sent something; `None` if nothing changes. Its interval stays: that it
    /// can reach us does not say that we can reach it.
    fn after_sign_of_life(self, now_ms: u64) -> Option<Self> {
        let excused_lately =
            self.excused_at_ms.is_some_and(|at_ms| now_ms < at_ms.saturating_add(EXCUSE_INTERVAL_MS));
        if excused_lately || self.retry_at_ms <= now_ms {
            return None;
        }
        Some(Self { retry_at_ms: now_ms, excused_at_ms: Some(now_ms), ..self })
    }
}

impl Backoff {
    /// Reads who was away when the server last ran.
    pub(crate) fn open(
        store: Arc<Store>,
        tasks: Tasks,
        clock: Clock,
        random: Random,
        config: &Federation,
    ) -> Result<Self, Error> {
        let away = read_rows(&store, clock.now_ms())?;
        Ok(Self {
            store,
            tasks,
            clock,
            random,
            limits: Limits { min_ms: config.backoff_min_ms, max_ms: config.backoff_max_ms },
            away: Mutex::new(away),
            returns: broadcast::channel(RETURNS_MAX).0,
        })
    }

    /// When a server may be asked again, if it is to be left alone now.
    pub(crate) fn retry_at_ms(&self, server: &ServerName) -> Option<u64> {
        let retry_at_ms = self.away.lock().get(server)?.retry_at_ms;
        (self.clock.now_ms() < retry_at_ms).then_some(retry_at_ms)
    }

    /// Notes that a request that began at `started_ms` has failed to reach a server.
    pub(crate) async fn failed(&self, server: &ServerName, started_ms: u64) {
        let now_ms = self.clock.now_ms();
        let after = {
            let mut away = self.away.lock();
            let before = away.get(server).copied();
            if before.is_none() && away.len() >= AWAY_MAX {
                return;
            }
            let jitter_ms = |bound_ms| self.random.below(bound_ms);
            let Some(after) = Away::after_failure(before, started_ms, now_ms, self.limits, jitter_ms) else {
                return;
            };
            away.insert(server.to_owned(), after);
            after
        };
        tracing::debug!(%server, interval_ms = after.interval_ms, "a server does not answer");
        self.write(server, Some(after)).await;
    }

    /// Notes that a server has answered.
    pub(crate) async fn answered(&self, server: &ServerName) {
        if self.away.lock().remove(server).is_some() {
            self.tell(server);
            self.write(server, None).await;
        }
    }

    /// Notes that a server has sent something: it may be asked again at once.
    pub(crate) fn heard_from(&self, server: &ServerName) {
        let mut away = self.away.lock();
        let Some(known) = away.get_mut(server) else { return };
        if let Some(after) = known.after_sign_of_life(self.clock.now_ms()) {
            *known = after;
            drop(away);
            self.tell(server);
        }
    }

    /// A server that did not answer lately.
    pub(crate) fn absence(&self, server: &ServerName) -> Option<Absence> {
        self.away.lock().get(server).map(|away| (*away).into())
    }

    /// The servers that did not answer lately.
    pub(crate) fn absent(&self) -> Vec<OwnedServerName> {
        self.away.lock().keys().cloned().collect()
    }

    /// Lets a server be asked at once, whatever was before. False if it may be asked anyway.
    pub(crate) fn forgive(&self, server: &ServerName) -> bool {
        let now_ms = self.clock.now_ms();
        {
            let mut away = self.away.lock();
            let Some(known) = away.get_mut(server) else { return false };
            known.interval_ms = self.limits.min_ms;
            known.retry_at_ms = now_ms;
        }
        self.tell(server);
        true
    }

    /// Hears of servers that were away and may be asked again before their time.
    pub(crate) fn returns(&self) -> broadcast::Receiver<OwnedServerName> {
        self.returns.subscribe()
    }

    fn tell(&self, server: &ServerName) {
        // Nobody may be listening.
        let _listeners = self.returns.send(server.to_owned());
    }

    async fn write(&self, server: &ServerName, away: Option<Away>) {
        let (store, key) = (Arc::clone(&self.store), server.to_string());
        let write = move || {
            let mut txn = store.begin();
            match away {
                Some(away) => PEER_BACKOFF.put(&mut txn.batch, &key, &away.into()),
                None => PEER_BACKOFF.delete(&mut txn.batch, &key),
            }
            store.commit_durably(txn)
        };
        if let Err(error) = self.tasks.blocking(write).await {
            tracing::error!(%server, %error, "cannot remember whether a server answers");
        }
    }
}

fn read_rows(store: &Store, now_ms: u64) -> Result<HashMap<OwnedServerName, Away>, Error> {
    let mut away = HashMap::new();
    let mut txn = store.begin();
    for row in PEER_BACKOFF.scan(&*store.read(), &(), Direction::Forward) {
        let (server, record) = row?;
        let asked_lately = now_ms < record.retry_at_ms.saturating_add(ROW_AGE_MAX_MS);
        match ServerName::parse(&server) {
            Ok(name) if asked_lately && away.len() < AWAY_MAX => {
                away.insert(name, record.into());
            }
            _ => PEER_BACKOFF.delete(&mut txn.batch, &server),
        }
    }
    store.commit_durably(txn)?;
    Ok(away)
}

impl From<Away> for Absence {
    fn from(away: Away) -> Self {
        let Away { failing_since_ms, interval_ms, retry_at_ms, excused_at_ms: _ } = away;
        Self { failing_since_ms, interval_ms, retry_at_ms }
    }
}

impl From<Away> for BackoffRecord {
    fn from(away: Away) -> Self {
        let Away { failing_since_ms, interval_ms, retry_at_ms, excused_at_ms: _ } = away;
        Self { failing_since_ms, interval_ms, retry_at_ms }
    }
}

impl From<BackoffRecord> for Away {
    fn from(record: BackoffRecord) -> Self {
        let BackoffRecord { failing_since_ms, interval_ms, retry_at_ms } = record;
        Self { failing_since_ms, interval_ms, retry_at_ms, excused_at_ms: None }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ruma::server_name;

    use super::*;
    use crate::tests::store;

    const LIMITS: Limits = Limits { min_ms: 100, max_ms: 350 };

    fn fail(before: Option<Away>, started_ms: u64, now_ms: u64) -> Option<Away> {
        Away::after_failure(before, started_ms, now_ms, LIMITS, |_| 0)
    }

    #[test]
    fn intervals_double_up_to_the_limit() {
        let mut away = None;
        let mut waits = Vec::new();
        let mut now_ms = 1_000;
        for _ in 0..4 {
            let after = fail(away, now_ms, now_ms).expect("a failure after the time counts");
            waits.push(after.retry_at_ms - now_ms);
            (away, now_ms) = (Some(after), after.retry_at_ms);
        }
        assert_eq!(waits, [100, 200, 350, 350]);
        assert_eq!(away.map(|away| away.failing_since_ms), Some(1_000));
    }

    #[test]
    fn failures_of_requests_from_before_count_once() {
        let first = fail(None, 0, 10).expect("the first failure counts");
        assert_eq!(fail(Some(first), 5, 20), None);
        assert_eq!(fail(Some(first), first.retry_at_ms - 1, 500), None);
        assert!(fail(Some(first), first.retry_at_ms, 500).is_some());
    }

    #[test]
    fn who_sends_is_asked_again_but_not_with_every_message() {
        let away = fail(None, 0, 0).expect("away");
        let excused = away.after_sign_of_life(10).expect("another chance");
        assert_eq!((excused.retry_at_ms, excused.interval_ms), (10, 100));
        let again = fail(Some(excused), 10, 20).expect("failed again");
        assert_eq!(again.interval_ms, 200);
        assert_eq!(again.after_sign_of_life(30), None);
        assert!(
            Away { retry_at_ms: u64::MAX, ..again }.after_sign_of_life(10 + EXCUSE_INTERVAL_MS).is_some()
        );
    }

    #[tokio::test]
    async fn a_restart_remembers_who_is_away() {
        let (store, clock, server) = (store(), Clock::fixed(1_000_000), server_name!("away.example"));
        let open = || {
            let (store, random) = (Arc::clone(&store), Random::seeded(1));
            Backoff::open(store, Tasks::new(), clock.clone(), random, &Federation::default()).expect("opens")
        };
        let backoff = open();
        backoff.failed(server, clock.now_ms()).await;
        let retry_at_ms = backoff.retry_at_ms(server).expect("is away");

        let again = open();
        assert_eq!(again.retry_at_ms(server), Some(retry_at_ms));
        let mut returns = again.returns();
        again.heard_from(server);
        assert_eq!(again.retry_at_ms(server), None);
        assert_eq!(returns.try_recv().ok().as_deref(), Some(server));
        again.answered(server).await;
        assert_eq!(open().retry_at_ms(server), None);

        again.failed(server, clock.now_ms()).await;
        clock.advance(Duration::from_millis(ROW_AGE_MAX_MS * 2));
        let _ = open();
        let rows = PEER_BACKOFF.scan(&*store.read(), &(), Direction::Forward).count();
        assert_eq!(rows, 0);
    }
}
