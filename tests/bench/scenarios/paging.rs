//! Paging back through a long history.

use crate::Outcome;
use crate::load;
use crate::measure::Pace;
use crate::world::World;
use serde::de::IgnoredAny;
use std::time::Instant;

pub(crate) const NAME: &str = "paging";
pub(crate) const QUESTION: &str =
    "A member scrolls up to the beginning of a long room, a hundred events a page.";

const PAGE_EVENTS: usize = 100;
const SENDERS: usize = 16;

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    let users = world.crowd(SENDERS + 1).await?;
    let (reader, writer) = (&users[SENDERS], &users[0]);
    let room = writer.create_room("A long history").await?;
    world.join_all(&users[1..], &room).await?;
    let say = |turn: usize| {
        let (user, room) = (&users[turn % SENDERS], &room);
        async move { user.send(room, &format!("Message {turn} of a long history.")).await }
    };
    let written = load::until(0..world.scale.paging_events, SENDERS, world.building_deadline(), say).await?;

    let running = world.probe.start();
    let (mut latencies, mut events, mut from) = (Vec::new(), 0, None);
    loop {
        let started = Instant::now();
        let page = reader.page_back::<IgnoredAny>(&room, from.as_deref(), PAGE_EVENTS).await?;
        latencies.push(started.elapsed());
        events += page.chunk.len();
        match page.end {
            Some(end) => from = Some(end),
            None => break,
        }
    }
    if events < written {
        return Err(format!("only {events} of {written} messages were found again").into());
    }
    let case = format!("{} events", world.scale.paging_events);
    let mut row = running.finish(&case, Pace::Full, latencies.len(), &latencies);
    row.size = u64::try_from(events).ok();
    world.record(row);
    Ok(())
}
