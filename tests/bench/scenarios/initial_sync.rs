//! The first sync of a new device.

use crate::Outcome;
use crate::measure::Pace;
use crate::world::World;
use std::time::{Duration, Instant};

pub(crate) const NAME: &str = "initial-sync";
pub(crate) const QUESTION: &str = "A new device of somebody in many rooms logs in and syncs for the first time; only \
    the sync is timed. Each time is a device of its own, because a server may keep an answer to give it again.";

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    for &number in world.scale.initial_sync_rooms {
        let deadline = world.building_deadline();
        let (user, rooms) = world.tenant(number, deadline).await?;
        let mut devices = Vec::new();
        for _ in 0..world.scale.initial_syncs {
            devices.push(world.server.log_in(user.user_id()).await?);
        }
        let running = world.probe.start();
        let mut latencies: Vec<Duration> = Vec::new();
        for device in &devices {
            let started = Instant::now();
            let synced = device.sync(None, 0).await?;
            latencies.push(started.elapsed());
            if let Some(missing) = rooms.iter().find(|room| !synced.text.contains(room.as_str())) {
                return Err(format!("the room {missing} is missing from the sync").into());
            }
        }
        let mut row = running.finish(&format!("{number} rooms"), Pace::Full, devices.len(), &latencies);
        row.size = u64::try_from(rooms.len()).ok();
        world.record(row);
    }
    Ok(())
}
