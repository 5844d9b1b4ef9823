//! From sending a message on one server to having it in a `/sync` of the other.

use super::pair::{Meeting, Pair};
use crate::Outcome;
use crate::listeners::Listeners;
use crate::measure::Pace;
use crate::report::Row;
use crate::session::Session;

pub(super) const NAME: &str = "send-to-remote-sync";
pub(super) const QUESTION: &str = "One message at a time, from the request that sends it to its arrival at a user of \
    the other server who hangs in `/sync`: out to the guest, and home to the host. The processor time is per message.";

pub(super) async fn run(pair: &mut Pair) -> Outcome<()> {
    let owner = pair.host.new_user("host").await?;
    let visitor = pair.guest.new_user("guest").await?;
    let room = owner.create_room("A room for two").await?;
    visitor.join_via(&room, &pair.host.name).await?;
    let mut meetings = vec![Meeting { room, owner, visitor, planned: 2, members: 2 }];
    meetings.extend(pair.meetings.clone());
    for meeting in meetings {
        talk(pair, &meeting, "out", &meeting.owner, &meeting.visitor).await?;
        talk(pair, &meeting, "home", &meeting.visitor, &meeting.owner).await?;
    }
    Ok(())
}

async fn talk(pair: &mut Pair, meeting: &Meeting, way: &str, from: &Session, to: &Session) -> Outcome<()> {
    let mut listeners = Box::pin(Listeners::start(std::slice::from_ref(to))).await?;
    // Not measured: the first message finds every cache cold.
    listeners.round(from, &meeting.room).await?;
    let rounds = pair.scale.federated_rounds;
    let running = pair.start();
    let mut latencies = Vec::new();
    for _ in 0..rounds {
        latencies.extend(listeners.round(from, &meeting.room).await?);
    }
    let case = format!("{way}, {} members", meeting.planned);
    let row = running.finish(&case, Pace::Paused, rounds, &latencies);
    pair.record(Row { size: u64::try_from(meeting.members).ok(), ..row });
    Ok(())
}
