//! `counters`: how far positions and numbers have been reserved, and other single numbers about the whole store.

use kith_kv::{Batch, Read};

use super::names::Kind;
use crate::{Error, catalog::families, sids::Position, table::Table};

static COUNTERS: Table<String, u64> = Table::new(families::COUNTERS);

const POSITION: &str = "position";
const DELIVERED: &str = "delivered";
const PUSHED: &str = "pushed";

/// Positions up to this one may have been given out.
pub(crate) fn position_ceiling(read: &dyn Read) -> Result<u64, Error> {
    Ok(COUNTERS.get(read, &POSITION.to_owned())?.unwrap_or(0))
}

pub(crate) fn put_position_ceiling(batch: &mut Batch, ceiling: u64) {
    COUNTERS.put(batch, &POSITION.to_owned(), &ceiling);
}

/// Up to here everything has been delivered to every server that has no cursor of its own.
pub fn delivered(read: &dyn Read) -> Result<Position, Error> {
    Ok(Position(COUNTERS.get(read, &DELIVERED.to_owned())?.unwrap_or(0)))
}

/// Moves the common cursor of delivery.
pub fn put_delivered(batch: &mut Batch, delivered: Position) {
    COUNTERS.put(batch, &DELIVERED.to_owned(), &delivered.0);
}

/// Up to here, every pusher without a backlog has told its user everything; none before the first pusher.
pub fn pushed(read: &dyn Read) -> Result<Option<Position>, Error> {
    Ok(COUNTERS.get(read, &PUSHED.to_owned())?.map(Position))
}

/// Moves the common cursor of pushers.
pub fn put_pushed(batch: &mut Batch, pushed: Position) {
    COUNTERS.put(batch, &PUSHED.to_owned(), &pushed.0);
}

/// Numbers of this kind up to this one may have been given out.
pub(crate) fn sid_ceiling(read: &dyn Read, kind: Kind) -> Result<u64, Error> {
    Ok(COUNTERS.get(read, &sid_key(kind))?.unwrap_or(0))
}

pub(crate) fn put_sid_ceiling(batch: &mut Batch, kind: Kind, ceiling: u64) {
    COUNTERS.put(batch, &sid_key(kind), &ceiling);
}

fn sid_key(kind: Kind) -> String {
    format!("sid {}", kind as u8)
}
