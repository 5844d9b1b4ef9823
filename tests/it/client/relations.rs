//! Events that belong to other events.

mod after_leaving;
mod bundled;
mod get_relating_events;
mod get_relating_events_with_rel_type;
mod get_relating_events_with_rel_type_and_event_type;

use crate::harness::{Answer, User, encode};

/// Asks what relates to an event; `rest` is what follows the event's id in the path.
async fn ask(user: &User, room: &str, event: &str, rest: &str) -> Answer {
    user.get(&format!("/_matrix/client/v1/rooms/{}/relations/{}{rest}", encode(room), encode(event))).await
}
