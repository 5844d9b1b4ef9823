//! Servers that lie: every way in for events of others, with everything that can be wrong about an event.
//!
//! A peer inside the test says what no honest server says. What is wrong must have no effect, what is right beside it
//! must have its own, and the room must go on.

mod fetched;
mod flaws;
mod handed_in;
mod hosted;
mod invited;
mod outward;
mod pushed;
mod reached;
mod taken_over;
mod templates;
mod units;

use serde_json::{Value, json};

use super::shared::Shared;
use crate::harness::Peer;

/// The event, made anew with one event that authorises it replaced by another.
fn authorised_by(peer: &Peer, mut event: Value, instead: &str, by: &str) -> (String, Value) {
    let authority = event["auth_events"].as_array_mut().unwrap();
    let place = authority.iter_mut().find(|event_id| *event_id == instead);
    *place.unwrap_or_else(|| panic!("{instead} does not authorise the event")) = json!(by);
    event.as_object_mut().unwrap().remove("signatures");
    peer.event(event)
}

/// Checks that a room goes on: a message of each side reaches the other.
async fn goes_on(shared: &Shared) {
    let own = shared.alice.say(&shared.room, "still here").await;
    shared.alice.event(&shared.room, &own).await.ok();
    let (event_id, event) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "so am I").await;
    shared.peer.send(&shared.server, &format!("after {event_id}"), &[event]).await.ok();
    shared.alice.sees(&shared.room, &event_id).await;
}
