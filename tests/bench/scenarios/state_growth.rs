//! What an event costs in a room with much state.

use crate::Outcome;
use crate::load;
use crate::measure::Pace;
use crate::session::Session;
use crate::world::World;
use serde_json::json;

pub(crate) const NAME: &str = "state-growth";
pub(crate) const QUESTION: &str = "Messages and state changes, one at a time, in a room whose state grows: what they \
    cost should not depend on its size. A row measured at a smaller size than planned names the size reached.";

const KIND: &str = "org.kith.bench.entry";
const AT_ONCE: usize = 16;

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    let owner = world.new_user("archivist").await?;
    let room = owner.create_room("An archive").await?;
    let mut entries = 0;
    for &planned in world.scale.state_entries {
        let running = world.probe.start();
        let enter = |index: usize| put(&owner, &room, index, 0);
        let new = load::until(entries..planned, AT_ONCE, world.growing_deadline(), enter).await?;
        let grown = running.finish(&format!("growing to {planned}"), Pace::Full, new, &[]);
        entries += new;

        let turns = world.scale.state_messages;
        let running = world.probe.start();
        let say = |turn: usize| {
            let (owner, room) = (&owner, &room);
            async move { owner.send(room, &format!("Message {turn} beside much state.")).await }
        };
        let (_sent, latencies) = load::for_each(0..turns, 1, say).await?;
        let messages = running.finish(&format!("message, {planned} entries"), Pace::Full, turns, &latencies);

        let running = world.probe.start();
        let change = |turn: usize| put(&owner, &room, turn % entries.max(1), turn + planned);
        let (_changed, latencies) = load::for_each(0..turns, 1, change).await?;
        let changes =
            running.finish(&format!("state change, {planned} entries"), Pace::Full, turns, &latencies);

        for mut row in [grown, messages, changes] {
            row.size = u64::try_from(entries).ok();
            world.record(row);
        }
    }
    Ok(())
}

async fn put(owner: &Session, room: &str, index: usize, value: usize) -> Outcome<()> {
    owner.put_state(room, KIND, &format!("entry-{index}"), json!({"value": value})).await
}
