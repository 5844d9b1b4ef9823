//! Servers that lie: every way in for events of others, with everything that can be wrong about an event.
//!
//! A peer inside the test says what no honest server says. What is wrong must have no effect, what is right beside it
//! must have its own, and the room must go on.

mod fetched;
mod flaws;
mod handed_in;
mod hosted;
mod invited;
mod pushed;
mod reached;
mod taken_over;
mod templates;
mod units;

use super::shared::Shared;

/// Checks that a room goes on: a message of each side reaches the other.
async fn goes_on(shared: &Shared) {
    let own = shared.alice.say(&shared.room, "still here").await;
    shared.alice.event(&shared.room, &own).await.ok();
    let (event_id, event) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "so am I").await;
    shared.peer.send(&shared.server, &format!("after {event_id}"), &[event]).await.ok();
    shared.alice.sees(&shared.room, &event_id).await;
}
