//! Clients that ask for a window of their rooms: simplified sliding sync (MSC4186).

use crate::Outcome;
use crate::measure::Pace;
use crate::session::Session;
use crate::world::World;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub(crate) const NAME: &str = "sliding-sync";
pub(crate) const QUESTION: &str = "Simplified sliding sync with a window of 20 rooms, as Element X asks for it: the \
    first answer to a new device, and the answer after one of the rooms got a message. Only the asking is timed. \
    Neither should depend on how many rooms there are outside the window.";

const PATH: [&str; 5] = ["_matrix", "client", "unstable", "org.matrix.simplified_msc3575", "sync"];
const WINDOW_ROOMS: usize = 20;
const TIMELINE_EVENTS: usize = 20;
/// In how many answers a message must have come.
const ANSWERS_MAX: usize = 20;
const TIMEOUT_MS: &str = "10000";

#[derive(Deserialize)]
struct Answer {
    pos: String,
    #[serde(default)]
    rooms: BTreeMap<String, Value>,
}

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    let landlord = world.landlord().await?;
    for &number in world.scale.sliding_rooms {
        let deadline = world.growing_deadline();
        let (user, rooms) = world.tenant(number, deadline).await?;
        let mut devices = Vec::new();
        for _ in 0..world.scale.initial_syncs {
            devices.push(world.server.log_in(user.user_id()).await?);
        }
        let running = world.probe.start();
        let mut latencies: Vec<Duration> = Vec::new();
        let mut newest = None;
        for device in &devices {
            let started = Instant::now();
            let answer = ask(device, None, "0").await?;
            latencies.push(started.elapsed());
            let (shown, expected) = (answer.rooms.len(), rooms.len().min(WINDOW_ROOMS));
            if shown != expected {
                return Err(format!("{shown} rooms are in the window, not {expected}").into());
            }
            newest = Some((device, answer.pos));
        }
        let mut first =
            running.finish(&format!("first, {number} rooms"), Pace::Full, devices.len(), &latencies);

        let (device, mut pos) = newest.ok_or("no first answer was asked for")?;
        let rounds = world.scale.wake_rounds;
        let running = world.probe.start();
        let mut latencies = Vec::new();
        for round in 0..rounds {
            let text = format!("Sliding message {round}.");
            let room = &rooms[round * 7 % rooms.len()];
            landlord.send(room, &text).await?;
            latencies.push(hear(device, &mut pos, room, &text).await?);
        }
        let case = format!("incremental, {number} rooms");
        let mut incremental = running.finish(&case, Pace::Paused, rounds, &latencies);
        first.size = u64::try_from(rooms.len()).ok();
        incremental.size = first.size;
        world.record(first);
        world.record(incremental);
    }
    Ok(())
}

/// Asks until the room has the message; gives how long that took.
async fn hear(device: &Session, pos: &mut String, room: &str, text: &str) -> Outcome<Duration> {
    let started = Instant::now();
    for _ in 0..ANSWERS_MAX {
        let answer = ask(device, Some(pos), TIMEOUT_MS).await?;
        *pos = answer.pos;
        let timeline = answer.rooms.get(room).and_then(|room| room["timeline"].as_array());
        if timeline.is_some_and(|events| events.iter().any(|event| event["content"]["body"] == text)) {
            return Ok(started.elapsed());
        }
    }
    Err(format!("the message in {room} was in none of {ANSWERS_MAX} answers").into())
}

async fn ask(device: &Session, pos: Option<&str>, timeout_ms: &str) -> Outcome<Answer> {
    let mut query = vec![("timeout", timeout_ms)];
    query.extend(pos.map(|pos| ("pos", pos)));
    let on = json!({"enabled": true});
    let body = json!({
        "conn_id": "room-list",
        "lists": {"all": {
            "ranges": [[0, WINDOW_ROOMS - 1]],
            "timeline_limit": TIMELINE_EVENTS,
            "required_state": [
                ["m.room.name", ""], ["m.room.avatar", ""], ["m.room.topic", ""], ["m.room.canonical_alias", ""],
                ["m.room.encryption", ""], ["m.room.power_levels", ""], ["m.room.create", ""],
                ["m.room.member", "$ME"], ["m.room.member", "$LAZY"],
            ],
        }},
        "extensions": {"to_device": &on, "e2ee": &on, "account_data": &on, "receipts": &on, "typing": &on},
    });
    device.ask_at(Method::POST, &PATH, &query, Some(body)).await
}
