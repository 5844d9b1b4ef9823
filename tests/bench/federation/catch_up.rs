//! A server was away while a room went on.

use super::pair::Pair;
use crate::Outcome;
use crate::load;
use crate::measure::Pace;
use crate::report::Row;
use crate::session::{Page, Session};
use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

pub(super) const NAME: &str = "catch-up";
pub(super) const QUESTION: &str = "The guest's server is stopped, sixteen users of the host's go on talking, and it is \
    started again. Its user's client then shows life (it types), syncs, and at last pages back. How long until it \
    answers any request; from there, until the newest message is in `/sync`; from there, until every message can be \
    read in the history, of which the last row names how many there were in the end.";

const SPEAKERS: usize = 16;
const PAGE_EVENTS: usize = 100;
const POLL_TIMEOUT_MS: u64 = 500;
const TYPING_INTERVAL: Duration = Duration::from_secs(5);
/// Between two attempts to read all of the history.
const READ_AGAIN: Duration = Duration::from_millis(500);
/// The text of a message before its number.
const MARK: &str = "while the guest was away ";

/// What of an event counts here.
#[derive(Deserialize)]
struct Spoken {
    content: Content,
}

#[derive(Deserialize)]
struct Content {
    body: Option<String>,
}

pub(super) async fn run(pair: &mut Pair) -> Outcome<()> {
    let speakers = pair.crowd(SPEAKERS).await?;
    let room = speakers[0].create_room("A room that goes on").await?;
    for speaker in &speakers[1..] {
        speaker.join(&room).await?;
    }
    let visitor = pair.guest.new_user("traveller").await?;
    visitor.join_via(&room, &pair.host.name).await?;
    let mut since = visitor.sync(None, 0).await?.next_batch;

    pair.stop_guest().await?;
    let planned = pair.scale.away_events;
    let say = |number: usize| {
        let (speaker, room) = (&speakers[number % SPEAKERS], &room);
        async move { speaker.send(room, &format!("{MARK}{number}.")).await }
    };
    let mut said = load::until(0..planned, SPEAKERS, pair.building_deadline(), say).await?;
    // Sixteen are said at once; this one is the newest.
    speakers[0].send(&room, &format!("{MARK}{said}.")).await?;
    let newest = format!("{MARK}{said}.");
    said += 1;

    let size = u64::try_from(said).ok();
    let started = Instant::now();
    pair.start_guest().await?;
    let answered = started.elapsed();
    let (running, started) = (pair.start(), Instant::now());
    let deadline = started + pair.scale.catching_up_max;
    until_newest(&visitor, &room, &mut since, &newest, deadline).await?;
    let case = format!("newest message of {planned}");
    let caught_up = running.finish(&case, Pace::Paused, 1, &[started.elapsed()]);
    let (running, started) = (pair.start(), Instant::now());
    let found = read_back(&visitor, &room, said, deadline).await;
    let case = format!("history of {planned}");
    let readable = running.finish(&case, Pace::Paused, 1, &[started.elapsed()]);
    // Nothing is known of what starting cost before it answered.
    let up = Row {
        cpu_seconds: None,
        peer_cpu_seconds: None,
        ..running.finish("answers again", Pace::Paused, 1, &[answered])
    };
    for row in [up, caught_up, Row { size: u64::try_from(found).ok(), ..readable }] {
        pair.record(Row { size: row.size.or(size), ..row });
    }
    if found < said {
        return Err(format!("{found} of {said} messages can be read").into());
    }
    Ok(())
}

async fn until_newest(
    visitor: &Session,
    room: &str,
    since: &mut String,
    newest: &str,
    deadline: Instant,
) -> Outcome<()> {
    let (mut typed, mut typing) = (None::<Instant>, false);
    loop {
        if typed.is_none_or(|typed| typed.elapsed() > TYPING_INTERVAL) {
            typing = !typing;
            typed = Some(Instant::now());
            let body = json!({"typing": typing, "timeout": 30_000});
            let path = ["rooms", room, "typing", visitor.user_id()];
            let _typed: IgnoredAny = visitor.ask(Method::PUT, &path, &[], Some(body)).await?;
        }
        let synced = visitor.sync(Some(since), POLL_TIMEOUT_MS).await?;
        if synced.text.contains(newest) {
            return Ok(());
        }
        *since = synced.next_batch;
        if Instant::now() > deadline {
            return Err("the newest message does not come".into());
        }
    }
}

/// Pages back again and again until every message was there or the time is over; gives how many were at best.
async fn read_back(visitor: &Session, room: &str, said: usize, deadline: Instant) -> usize {
    let mut best = 0;
    loop {
        match read_once(visitor, room, deadline).await {
            Ok(found) => best = best.max(found),
            // A server that is still fetching may say so.
            Err(refusal) => eprintln!("paging back: {refusal}"),
        }
        if best >= said || Instant::now() > deadline {
            return best;
        }
        tokio::time::sleep(READ_AGAIN).await;
    }
}

async fn read_once(visitor: &Session, room: &str, deadline: Instant) -> Outcome<usize> {
    let (mut found, mut from) = (BTreeSet::new(), None);
    loop {
        let page: Page<Spoken> = visitor.page_back(room, from.as_deref(), PAGE_EVENTS).await?;
        let bodies = page.chunk.iter().filter_map(|event| event.content.body.as_deref());
        found.extend(bodies.filter_map(|body| body.strip_prefix(MARK)).map(str::to_owned));
        match page.end {
            Some(end) if Instant::now() < deadline => from = Some(end),
            _ => return Ok(found.len()),
        }
    }
}
