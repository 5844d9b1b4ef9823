//! Joining a room that many are in.

use crate::Outcome;
use crate::load;
use crate::measure::Pace;
use crate::report::Row;
use crate::session::Session;
use crate::world::{Square, World};

pub(crate) const NAME: &str = "joins";
pub(crate) const QUESTION: &str = "A public room fills up, eight joins at once; then some join one after the other, \
    and somebody says something to everybody.";

const AT_ONCE: usize = 8;
const MESSAGES: usize = 50;

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    let owner = world.new_user("mayor").await?;
    let room = owner.create_room("The town square").await?;
    // How many of the crowd are inside: always the first ones.
    let mut inside = 0;
    for &planned in world.scale.crowd_members {
        let users = world.crowd(planned + world.scale.joins).await?;
        let join = |user: Session| {
            let room = &room;
            async move { user.join(room).await }
        };
        let running = world.probe.start();
        let waiting = users.iter().skip(inside).take(planned - inside).cloned();
        let came = load::until(waiting, AT_ONCE, world.building_deadline(), join).await?;
        let filled = running.finish(&format!("filling to {planned}"), Pace::Full, came, &[]);
        inside += came;
        world.record(Row { size: u64::try_from(inside).ok(), ..filled });

        let running = world.probe.start();
        let late: Vec<Session> = users.iter().skip(inside).take(world.scale.joins).cloned().collect();
        let (joined, latencies) = load::for_each(late, 1, join).await?;
        let joins = running.finish(&format!("join, {planned} members"), Pace::Full, joined.len(), &latencies);
        world.record(Row { size: u64::try_from(inside).ok(), ..joins });
        inside += joined.len();

        let running = world.probe.start();
        let say = |turn: usize| {
            let (owner, room) = (&owner, &room);
            async move { owner.send(room, &format!("Announcement {turn}.")).await }
        };
        let (_said, latencies) = load::for_each(0..MESSAGES, 1, say).await?;
        let messages =
            running.finish(&format!("message, {planned} members"), Pace::Full, MESSAGES, &latencies);
        world.record(Row { size: u64::try_from(inside).ok(), ..messages });
    }
    world.square = Some(Square { owner, room, members: inside });
    Ok(())
}
