//! Messages sent, as fast as they are acknowledged.

use crate::Outcome;
use crate::load;
use crate::measure::Pace;
use crate::session::Session;
use crate::world::World;

pub(crate) const NAME: &str = "sending";
pub(crate) const QUESTION: &str = "Messages as fast as they are acknowledged, with nobody listening: everybody in one \
    room, and everybody in a room of their own.";

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    for &senders in world.scale.senders {
        let users = world.crowd(senders).await?;
        let shared = users[0].create_room("One room for all").await?;
        world.join_all(&users[1..], &shared).await?;
        let in_one: Vec<_> = users.iter().map(|user| (user.clone(), shared.clone())).collect();
        send(world, &format!("one room, {senders} senders"), &in_one).await?;
        if senders == 1 {
            continue;
        }
        let mut in_own = Vec::new();
        for user in users {
            let room = user.create_room("A room for one").await?;
            in_own.push((user, room));
        }
        send(world, &format!("own rooms, {senders} senders"), &in_own).await?;
    }
    Ok(())
}

async fn send(world: &mut World, case: &str, senders: &[(Session, String)]) -> Outcome<()> {
    let running = world.probe.start();
    let say = |(user, room): (Session, String), turn: usize| async move {
        user.send(&room, &format!("Message {turn} of a conversation nobody will read.")).await
    };
    let latencies = load::for_duration(senders, world.scale.sending, say).await?;
    let row = running.finish(case, Pace::Full, latencies.len(), &latencies);
    world.record(row);
    Ok(())
}
