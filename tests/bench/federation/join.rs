//! The first user of a server joins a large room of another.

use super::pair::{Both, Meeting, Pair};
use crate::Outcome;
use crate::measure::Pace;
use crate::report::Row;
use crate::session::Session;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub(super) const NAME: &str = "join";
pub(super) const QUESTION: &str = "The guest's server has nobody in a public room of the host's, and one of its users \
    joins. Counted from the request: its answer, the room in the user's `/sync`, and all members known. Then a second \
    user of the same server joins.";

const LOOK_AGAIN: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
struct Members {
    joined: BTreeMap<String, IgnoredAny>,
}

pub(super) async fn run(pair: &mut Pair) -> Outcome<()> {
    for &planned in pair.scale.federated_members {
        let (owner, room, members) = pair.town(planned).await?;
        let visitor = pair.guest.new_user(&format!("visitor-{planned}")).await?;
        let second = pair.guest.new_user(&format!("second-{planned}")).await?;
        let since = visitor.sync(None, 0).await?.next_batch;
        let deadline = pair.building_deadline();
        let size = u64::try_from(members).ok();

        let (running, started) = (pair.start(), Instant::now());
        visitor.join_via(&room, &pair.host.name).await?;
        let answered = started.elapsed();
        until_in_sync(&visitor, since, &room, deadline).await?;
        let synced = started.elapsed();
        until_complete(&visitor, &room, members + 1, deadline).await?;
        let complete = started.elapsed();
        let finish = |running: &Both<'_>, what: &str, took: Duration| Row {
            size,
            ..running.finish(&format!("{what}, {planned} members"), Pace::Paused, 1, &[took])
        };
        let complete = finish(&running, "all members", complete);
        // Reading the cost takes a while, so it is done once, at the end of what belongs together.
        let earlier = |what: &str, took: Duration| Row {
            cpu_seconds: None,
            peer_cpu_seconds: None,
            memory_bytes: None,
            ..finish(&running, what, took)
        };
        let (answered, synced) = (earlier("answered", answered), earlier("in sync", synced));

        let (running, started) = (pair.start(), Instant::now());
        second.join_via(&room, &pair.host.name).await?;
        let second = started.elapsed();
        let second = finish(&running, "second user", second);
        for row in [answered, synced, complete, second] {
            pair.record(row);
        }
        pair.meetings.push(Meeting { room, owner, visitor, planned, members });
    }
    Ok(())
}

async fn until_in_sync(visitor: &Session, mut since: String, room: &str, deadline: Instant) -> Outcome<()> {
    loop {
        let synced = visitor.sync(Some(&since), 1_000).await?;
        if synced.text.contains(room) {
            return Ok(());
        }
        since = synced.next_batch;
        if Instant::now() > deadline {
            return Err("the joined room does not come in sync".into());
        }
    }
}

async fn until_complete(visitor: &Session, room: &str, members: usize, deadline: Instant) -> Outcome<()> {
    loop {
        let known: Members =
            visitor.ask(reqwest::Method::GET, &["rooms", room, "joined_members"], &[], None).await?;
        if known.joined.len() == members {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("{} of {members} members are known", known.joined.len()).into());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
