//! Deciding for everybody in a large room whether a message is worth a notification, and telling those who are away.

use crate::Outcome;
use crate::gateway::Gateway;
use crate::listeners::MARK;
use crate::load;
use crate::measure::Pace;
use crate::report::Row;
use crate::session::Session;
use crate::world::{Square, World};
use reqwest::Method;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub(crate) const NAME: &str = "push";
pub(crate) const QUESTION: &str = "A message that counts as unread for everybody in a large room: its cost alone, what \
    members pay who then look at their count (a sync of this room only), and how long it takes until the last of some \
    pushers has told its gateway. With pushers the latencies are those of the pushes, and the processor time is per \
    message.";

const PUSHES_SECONDS_MAX: u64 = 300;
const READERS: usize = 20;

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    let square = world.square(world.scale.push_members).await?;
    let members = world.crowd(square.members).await?;
    let (planned, size) = (world.scale.push_members, u64::try_from(square.members).ok());
    let messages = world.scale.push_messages;

    let running = world.probe.start();
    let say = |turn: usize| {
        let square = &square;
        async move { square.owner.send(&square.room, &format!("Counted message {turn}.")).await }
    };
    let (_said, latencies) = load::for_each(0..messages, 1, say).await?;
    let said = running.finish(&format!("message, {planned} members"), Pace::Full, messages, &latencies);
    world.record(Row { size, ..said });

    let readers: Vec<Session> = members.iter().take(READERS).cloned().collect();
    let running = world.probe.start();
    let look = |reader: Session| {
        let room = &square.room;
        async move { unread(&reader, room).await }
    };
    let (counts, latencies) = load::for_each(readers, 1, look).await?;
    let looked = running.finish("look at the count", Pace::Full, counts.len(), &latencies);
    if let Some(wrong) = counts.iter().find(|count| **count < u64::try_from(messages).unwrap_or(u64::MAX)) {
        return Err(format!("somebody has {wrong} unread messages and not {messages}").into());
    }
    world.record(Row { size, ..looked });

    let mut gateway = Gateway::open().await?;
    let mut told = 0;
    for &pushers in world.scale.pushers {
        let pushers = pushers.min(members.len());
        // The last of the crowd: the first ones are in every other scenario, too.
        for owner in members.iter().rev().skip(told).take(pushers - told) {
            put_pusher(owner, &gateway.url).await?;
        }
        told = pushers;
        // Not measured: the first message finds every cache cold.
        push(&mut gateway, &square, pushers, 0).await?;
        let running = world.probe.start();
        let mut latencies = Vec::new();
        for round in 1..=messages {
            latencies.extend(push(&mut gateway, &square, pushers, round).await?);
        }
        let case = format!("{pushers} pushers, {planned} members");
        let row = running.finish(&case, Pace::Paused, messages, &latencies);
        world.record(Row { size, ..row });
    }
    Ok(())
}

/// Sends a message and waits until it has come to every pusher's gateway. Gives the time to each.
async fn push(
    gateway: &mut Gateway,
    square: &Square,
    pushers: usize,
    round: usize,
) -> Outcome<Vec<Duration>> {
    let round = u64::try_from(pushers * 1_000_000 + round)?;
    let sent = Instant::now();
    square.owner.send(&square.room, &format!("{MARK}{round}.")).await?;
    let mut latencies = Vec::with_capacity(pushers);
    while latencies.len() < pushers {
        let waiting = Duration::from_secs(PUSHES_SECONDS_MAX);
        let pushed = tokio::time::timeout(waiting, gateway.pushes.recv()).await.map_err(|_elapsed| {
            format!("{} of {pushers} pushes came within {PUSHES_SECONDS_MAX} s", latencies.len())
        })?;
        let (of, arrived) = pushed.ok_or("the gateway ended")?;
        if of == round {
            latencies.push(arrived.saturating_duration_since(sent));
        }
    }
    Ok(latencies)
}

async fn put_pusher(owner: &Session, url: &str) -> Outcome<()> {
    let body = json!({
        "app_id": "org.kith.bench", "app_display_name": "Benchmark", "device_display_name": "A phone", "kind": "http",
        "lang": "en", "pushkey": owner.user_id(), "data": {"url": url},
    });
    let _set: IgnoredAny = owner.ask(Method::POST, &["pushers", "set"], &[], Some(body)).await?;
    Ok(())
}

async fn unread(reader: &Session, room: &str) -> Outcome<u64> {
    let filter = json!({
        "room": {"rooms": [room], "timeline": {"limit": 1}, "state": {"types": []}, "ephemeral": {"types": []}},
        "presence": {"types": []},
    });
    let query = [("timeout", "0"), ("filter", &filter.to_string())];
    let synced: Value = reader.ask(Method::GET, &["sync"], &query, None).await?;
    let count = &synced["rooms"]["join"][room]["unread_notifications"]["notification_count"];
    Ok(count.as_u64().ok_or("the sync tells no count")?)
}
