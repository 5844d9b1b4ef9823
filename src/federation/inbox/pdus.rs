//! The events of a transaction: sorted by room, rooms beside each other, each room's events in their order.

use std::collections::BTreeMap;

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use kith_event::parse::peek;
use kith_store::Error;
use parking_lot::Mutex;
use ruma::{OwnedRoomId, ServerName};
use serde_json::value::RawValue;

use super::{Answer, Intake};

/// In how many rooms events of one transaction are taken in at the same time.
const ROOMS_AT_ONCE: usize = 10;

/// Takes events in, and notes in `answer` what becomes of each. An event whose id cannot be told has no place there.
pub(super) async fn take_in(
    intake: &dyn Intake,
    origin: &ServerName,
    pdus: &[Box<RawValue>],
    answer: &Mutex<Answer>,
) -> Result<(), Error> {
    let rooms = by_room(origin, pdus).into_iter();
    let rooms: Vec<BoxFuture<'_, _>> =
        rooms.map(|(room_id, pdus)| take_in_room(intake, origin, room_id, pdus, answer).boxed()).collect();
    // What fails in one room keeps nothing from the others.
    let taken: Vec<Result<(), Error>> = stream::iter(rooms).buffer_unordered(ROOMS_AT_ONCE).collect().await;
    taken.into_iter().collect()
}

async fn take_in_room(
    intake: &dyn Intake,
    origin: &ServerName,
    room_id: OwnedRoomId,
    pdus: Vec<&RawValue>,
    answer: &Mutex<Answer>,
) -> Result<(), Error> {
    for pdu in pdus {
        let taken = intake.take_in(origin, &room_id, pdu.to_owned()).await?;
        let outcome = if taken.outcome.is_ok() { "taken" } else { "refused" };
        metrics::counter!("kith_federation_received_events_total", "outcome" => outcome).increment(1);
        if let Err(reason) = &taken.outcome {
            tracing::debug!(%origin, %room_id, event_id = ?taken.event_id, %reason, "an event is not taken in");
        }
        if let Some(event_id) = taken.event_id {
            answer.lock().insert(event_id, taken.outcome);
        }
    }
    Ok(())
}

/// The events by their rooms, each room's in their order.
pub(super) fn by_room<'a>(
    origin: &ServerName,
    pdus: &'a [Box<RawValue>],
) -> BTreeMap<OwnedRoomId, Vec<&'a RawValue>> {
    let mut rooms: BTreeMap<OwnedRoomId, Vec<_>> = BTreeMap::new();
    for pdu in pdus {
        match peek(pdu.get()).map(|peek| peek.room_id) {
            Ok(Some(room_id)) => rooms.entry(room_id).or_default().push(&**pdu),
            Ok(None) => tracing::debug!(%origin, "an event without a room is ignored"),
            Err(error) => tracing::debug!(%origin, %error, "a malformed event is ignored"),
        }
    }
    rooms
}
