//! From sending a message to having it in everybody's `/sync`.

use crate::Outcome;
use crate::listeners::Listeners;
use crate::measure::Pace;
use crate::world::World;

pub(crate) const NAME: &str = "send-to-sync";
pub(crate) const QUESTION: &str = "From sending a message to its arrival at each of the listeners, all of them members \
    of the room and hanging in `/sync`. The processor time is per message, for all listeners together, and holds \
    their next polls.";

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    let sender = world.new_user("speaker").await?;
    for &number in world.scale.listeners {
        let users = world.crowd(number).await?;
        let room = sender.create_room("A lecture hall").await?;
        world.join_all(&users, &room).await?;
        let mut listeners = Box::pin(Listeners::start(&users)).await?;
        // Not measured: the first message finds every cache cold.
        listeners.round(&sender, &room).await?;
        let running = world.probe.start();
        let mut latencies = Vec::new();
        for _ in 0..world.scale.listening_rounds {
            latencies.extend(listeners.round(&sender, &room).await?);
        }
        let case = format!("{} listeners", listeners.len());
        let row = running.finish(&case, Pace::Paused, world.scale.listening_rounds, &latencies);
        world.record(row);
    }
    Ok(())
}
