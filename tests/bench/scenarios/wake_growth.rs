//! What a wake-up costs somebody in many rooms.

use crate::Outcome;
use crate::listeners::Listeners;
use crate::measure::Pace;
use crate::world::World;

pub(crate) const NAME: &str = "wake-growth";
pub(crate) const QUESTION: &str = "Somebody in many rooms hangs in `/sync`, and one of the rooms gets a message: what \
    this costs should not depend on the other rooms.";

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    let landlord = world.landlord().await?;
    for &number in world.scale.wake_rooms {
        let deadline = world.growing_deadline();
        let (user, rooms) = world.tenant(number, deadline).await?;
        let mut listeners = Box::pin(Listeners::start(&[user])).await?;
        // Not measured: the first message finds every cache cold.
        listeners.round(&landlord, &rooms[0]).await?;
        let running = world.probe.start();
        let mut latencies = Vec::new();
        for round in 0..world.scale.wake_rounds {
            latencies.extend(listeners.round(&landlord, &rooms[round % rooms.len()]).await?);
        }
        let mut row =
            running.finish(&format!("{number} rooms"), Pace::Paused, world.scale.wake_rounds, &latencies);
        row.size = u64::try_from(rooms.len()).ok();
        world.record(row);
    }
    Ok(())
}
