//! What clients cost that only wait.

use crate::Outcome;
use crate::load;
use crate::measure::Pace;
use crate::session::Session;
use crate::world::World;
use std::time::Duration;
use tokio::task::JoinSet;

pub(crate) const NAME: &str = "idle-polls";
pub(crate) const QUESTION: &str = "Clients hang in `/sync` and nothing happens; each poll ends after its timeout and \
    is followed by the next. The processor time is per client and minute.";

const FIRST_SYNCS_AT_ONCE: usize = 8;
const SETTLE: Duration = Duration::from_secs(3);

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    for &number in world.scale.idle_polls {
        let users = world.crowd(number).await?;
        let first = |user: Session| async move {
            let synced = user.sync(None, 0).await?;
            Ok((user, synced.next_batch))
        };
        let (ready, _latencies) = load::for_each(users, FIRST_SYNCS_AT_ONCE, first).await?;
        let timeout_ms = u64::try_from(world.scale.idle_poll_timeout.as_millis())?;
        let mut polling = JoinSet::new();
        for (user, since) in ready {
            polling.spawn(poll(user, since, timeout_ms));
        }
        tokio::time::sleep(SETTLE).await;
        let running = world.probe.start();
        tokio::time::sleep(world.scale.idle).await;
        // Divided by clients and minutes, so that scales can be compared.
        let client_minutes = number * usize::try_from(world.scale.idle.as_secs())? / 60;
        let row = running.finish(&format!("{number} clients"), Pace::Paused, client_minutes.max(1), &[]);
        if let Some(Ok(Err(refusal))) = polling.try_join_next() {
            return Err(refusal);
        }
        world.record(row);
    }
    Ok(())
}

async fn poll(user: Session, mut since: String, timeout_ms: u64) -> Outcome<()> {
    loop {
        since = user.sync(Some(&since), timeout_ms).await?.next_batch;
    }
}
