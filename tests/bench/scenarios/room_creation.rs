//! Rooms made.

use crate::Outcome;
use crate::load;
use crate::measure::Pace;
use crate::world::World;

pub(crate) const NAME: &str = "room-creation";
pub(crate) const QUESTION: &str = "Public rooms with a name, about eight events each.";

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    let users = world.crowd(16).await?;
    for at_once in [1, 16] {
        let running = world.probe.start();
        let create = |index: usize| {
            let user = users[index % at_once].clone();
            async move { user.create_room("A new room").await }
        };
        let (rooms, latencies) = load::for_each(0..world.scale.room_creations, at_once, create).await?;
        let row = running.finish(&format!("{at_once} at once"), Pace::Full, rooms.len(), &latencies);
        world.record(row);
    }
    Ok(())
}
