//! The events of a transaction: sorted by room, rooms beside each other, each room's events in their order.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use kith_event::parse::peek;
use kith_store::Error;
use ruma::{OwnedRoomId, ServerName};
use serde_json::value::RawValue;

use super::{Answer, Intake};

/// In how many rooms events of one transaction are taken in at the same time.
const ROOMS_AT_ONCE: usize = 10;

/// Takes events in. An event whose id cannot be told has no place in the answer.
pub(super) async fn take_in(
    intake: &dyn Intake,
    origin: &ServerName,
    pdus: Vec<Box<RawValue>>,
) -> Result<Answer, Error> {
    let rooms = stream::iter(by_room(origin, pdus));
    let answers = rooms.map(|(room_id, pdus)| take_in_room(intake, origin, room_id, pdus));
    let answers: Vec<Result<Answer, Error>> = answers.buffer_unordered(ROOMS_AT_ONCE).collect().await;
    let mut all = Answer::new();
    for answer in answers {
        all.extend(answer?);
    }
    Ok(all)
}

async fn take_in_room(
    intake: &dyn Intake,
    origin: &ServerName,
    room_id: OwnedRoomId,
    pdus: Vec<Box<RawValue>>,
) -> Result<Answer, Error> {
    let mut answer = Answer::new();
    for pdu in pdus {
        let taken = intake.take_in(origin, &room_id, pdu).await?;
        let outcome = if taken.outcome.is_ok() { "taken" } else { "refused" };
        metrics::counter!("kith_federation_received_events_total", "outcome" => outcome).increment(1);
        if let Err(reason) = &taken.outcome {
            tracing::debug!(%origin, %room_id, event_id = ?taken.event_id, %reason, "an event is not taken in");
        }
        if let Some(event_id) = taken.event_id {
            answer.insert(event_id, taken.outcome);
        }
    }
    Ok(answer)
}

fn by_room(origin: &ServerName, pdus: Vec<Box<RawValue>>) -> BTreeMap<OwnedRoomId, Vec<Box<RawValue>>> {
    let mut rooms: BTreeMap<OwnedRoomId, Vec<_>> = BTreeMap::new();
    for pdu in pdus {
        match peek(pdu.get()).map(|peek| peek.room_id) {
            Ok(Some(room_id)) => rooms.entry(room_id).or_default().push(pdu),
            Ok(None) => tracing::debug!(%origin, "an event without a room is ignored"),
            Err(error) => tracing::debug!(%origin, %error, "a malformed event is ignored"),
        }
    }
    rooms
}
