//! Finding words in very many messages.

use crate::Outcome;
use crate::load;
use crate::measure::Pace;
use crate::process;
use crate::prose;
use crate::report::Row;
use crate::session::Session;
use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub(crate) const NAME: &str = "search";
pub(crate) const QUESTION: &str = "Messages of about a dozen words in twenty rooms, sixteen senders at once, and then \
    somebody in all of these rooms who searches them, the newest first. The time for building is limited: a row names \
    the number of messages reached, and the first one the size of the index at the end. Until the newest is found \
    counts from the last message's acknowledgement.";

const ROOMS: usize = 20;
const SENDERS: usize = 16;
const FOUND_SECONDS_MAX: u64 = 600;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    let users = world.crowd(SENDERS + 1).await?;
    let (senders, searcher) = (&users[..SENDERS], &users[SENDERS]);
    let mut rooms = Vec::new();
    for index in 0..ROOMS {
        let room = senders[0].create_room(&format!("Reading room {index}")).await?;
        world.join_all(&users[1..], &room).await?;
        rooms.push(room);
    }
    let planned = world.scale.search_messages;
    let running = world.probe.start();
    let say = |number: usize| {
        let (sender, room) = (&senders[number % SENDERS], &rooms[number % ROOMS]);
        async move { sender.send(room, &prose::message(number)).await }
    };
    let deadline = Instant::now() + world.scale.search_building_max;
    let written = load::until(0..planned, SENDERS, deadline, say).await?;
    if written == 0 {
        return Err("no message was written in time".into());
    }
    let size = u64::try_from(written).ok();
    let wrote = running.finish(&format!("writing {planned}"), Pace::Full, written, &[]);

    let running = world.probe.start();
    let newest = prose::unique((written - 1) / prose::UNIQUE_INTERVAL * prose::UNIQUE_INTERVAL);
    let waited = until_found(searcher, &newest).await?;
    let caught_up = running.finish("until the newest is found", Pace::Paused, 1, &[waited]);
    world.record(Row {
        size,
        index_bytes: world.index_size_command.as_deref().and_then(process::output_number),
        ..wrote
    });
    world.record(Row { size, ..caught_up });

    let in_one_room = json!({"rooms": [&rooms[0]]});
    let several = format!("{} {}", prose::FREQUENT, prose::SCARCE);
    for (case, term, filter) in [
        ("a word in one message", None, json!({})),
        ("a word in 1 of 1,000", Some(prose::SCARCE), json!({})),
        ("a word in 1 of 10", Some(prose::FREQUENT), json!({})),
        ("a word in 1 of 10, one room", Some(prose::FREQUENT), in_one_room),
        ("two words", Some(several.as_str()), json!({})),
    ] {
        let running = world.probe.start();
        let search = |turn: usize| {
            // Another word each time where there are enough, because a server may keep what it has found.
            let number = turn * 7_919 * prose::UNIQUE_INTERVAL % written;
            let unique = prose::unique(number / prose::UNIQUE_INTERVAL * prose::UNIQUE_INTERVAL);
            let (term, filter) = (term.map_or(unique, str::to_owned), filter.clone());
            async move { must_find(searcher, &term, &filter).await }
        };
        let (found, latencies) = load::for_each(0..world.scale.searches, 1, search).await?;
        let row = running.finish(case, Pace::Full, found.len(), &latencies);
        world.record(Row { size, ..row });
    }
    Ok(())
}

async fn until_found(searcher: &Session, term: &str) -> Outcome<Duration> {
    let started = Instant::now();
    while find(searcher, term, &json!({})).await?.is_empty() {
        if started.elapsed() > Duration::from_secs(FOUND_SECONDS_MAX) {
            return Err(format!("the newest message was not found within {FOUND_SECONDS_MAX} s").into());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(started.elapsed())
}

async fn must_find(searcher: &Session, term: &str, filter: &Value) -> Outcome<()> {
    let found = find(searcher, term, filter).await?;
    let has_all = |body: &String| term.split(' ').all(|word| body.contains(word));
    if found.is_empty() || !found.iter().all(has_all) {
        return Err(format!("{term} was looked for and this found: {found:?}").into());
    }
    Ok(())
}

/// The texts of the first page of results.
async fn find(searcher: &Session, term: &str, filter: &Value) -> Outcome<Vec<String>> {
    let body = json!({"search_categories": {"room_events": {
        "search_term": term, "keys": ["content.body"], "order_by": "recent", "filter": filter,
        "event_context": {"before_limit": 1, "after_limit": 1, "include_profile": true},
    }}});
    let found: Value = searcher.ask(Method::POST, &["search"], &[], Some(body)).await?;
    let results = found["search_categories"]["room_events"]["results"].as_array().ok_or("no results")?;
    Ok(results.iter().filter_map(|one| Some(one["result"]["content"]["body"].as_str()?.to_owned())).collect())
}
