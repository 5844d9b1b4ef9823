//! Clients that hang in `/sync` and tell when a message has reached them.

use crate::Outcome;
use crate::load;
use crate::session::{Session, Synced};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const POLL_TIMEOUT_MS: u64 = 30_000;
/// How long the slowest listener may take to hear of a message.
const ARRIVAL_SECONDS_MAX: u64 = 120;
/// First syncs at once: enough to keep a server busy, not so many that the last waits for minutes.
const FIRST_SYNCS_AT_ONCE: usize = 8;
/// Time for every listener to hang in its next poll before the next message is sent.
const SETTLE_MS_MIN: u64 = 100;
const SETTLE_MS_PER_LISTENER: u64 = 4;

/// The text of a message that listeners look out for, before its number.
pub(crate) const MARK: &str = "kith-bench round ";

/// A message's number and when it arrived somewhere.
type Arrival = Outcome<(u64, Instant)>;

/// They listen until dropped.
pub(crate) struct Listeners {
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    _polling: JoinSet<()>,
    number: usize,
    round: u64,
}

impl Listeners {
    /// After this every session has its first sync behind it and hangs in the next.
    pub(crate) async fn start(sessions: &[Session]) -> Outcome<Listeners> {
        let (tell, arrivals) = mpsc::unbounded_channel();
        let first = |session: Session| async move {
            let synced = session.sync(None, 0).await?;
            Ok((session, synced.next_batch))
        };
        let (ready, _latencies) = load::for_each(sessions.to_vec(), FIRST_SYNCS_AT_ONCE, first).await?;
        let mut polling = JoinSet::new();
        for (session, since) in ready {
            polling.spawn(poll(session, since, tell.clone()));
        }
        Ok(Listeners { arrivals, _polling: polling, number: sessions.len(), round: 0 })
    }

    /// Sends one message and waits until everybody has it. Gives the time to each.
    pub(crate) async fn round(&mut self, sender: &Session, room: &str) -> Outcome<Vec<Duration>> {
        self.round += 1;
        let number = u64::try_from(self.number).unwrap_or(u64::MAX);
        tokio::time::sleep(Duration::from_millis(SETTLE_MS_MIN + SETTLE_MS_PER_LISTENER * number)).await;
        let sent = Instant::now();
        sender.send(room, &format!("{MARK}{}.", self.round)).await?;
        let mut latencies = Vec::with_capacity(self.number);
        while latencies.len() < self.number {
            let waiting = Duration::from_secs(ARRIVAL_SECONDS_MAX);
            let arrival = tokio::time::timeout(waiting, self.arrivals.recv()).await.map_err(|_elapsed| {
                let missing = self.number - latencies.len();
                format!("{missing} of {} listeners heard nothing within {ARRIVAL_SECONDS_MAX} s", self.number)
            })?;
            let (round, arrived) = arrival.ok_or("every listener ended")??;
            if round == self.round {
                latencies.push(arrived.saturating_duration_since(sent));
            }
        }
        Ok(latencies)
    }

    pub(crate) fn len(&self) -> usize {
        self.number
    }
}

async fn poll(session: Session, mut since: String, tell: mpsc::UnboundedSender<Arrival>) {
    loop {
        match session.sync(Some(&since), POLL_TIMEOUT_MS).await {
            Ok(Synced { next_batch, text }) => {
                let arrived = Instant::now();
                since = next_batch;
                if let Some(round) = find_round(&text) {
                    let _nobody_waits_any_more = tell.send(Ok((round, arrived)));
                }
            }
            Err(refusal) => {
                let _nobody_waits_any_more = tell.send(Err(refusal));
                return;
            }
        }
    }
}

pub(crate) fn find_round(text: &str) -> Option<u64> {
    let (_before, after) = text.rsplit_once(MARK)?;
    after.split_once('.')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::find_round;

    #[test]
    fn the_newest_mark_counts() {
        assert_eq!(find_round(r#"{"body":"kith-bench round 7."},{"body":"kith-bench round 8."}"#), Some(8));
        assert_eq!(find_round("{}"), None);
    }
}
