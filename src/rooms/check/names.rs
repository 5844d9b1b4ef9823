//! Aliases, the directory and transactions point at what is there.

use kith_store::{
    Direction, Error, Read,
    tables::{
        aliases::{ALIASES, PUBLISHED, ROOM_ALIASES},
        events::EVENT_META,
        rooms::ROOMS,
        transactions::TRANSACTIONS,
    },
};

use super::{Finding, find};
use crate::Rooms;

pub(super) fn check(rooms: &Rooms, read: &dyn Read, findings: &mut Vec<Finding>) -> Result<(), Error> {
    for row in ALIASES.scan(read, &(), Direction::Forward) {
        let (alias, record) = row?;
        if !ROOM_ALIASES.contains(read, &(record.room, alias.clone()))? {
            find(findings, "room_aliases", format!("{alias} is not listed with its room"));
        }
        if !ROOMS.contains(read, &record.room)? {
            find(findings, "aliases", format!("{alias} names a room that is not there"));
        }
    }
    for row in ROOM_ALIASES.scan(read, &(), Direction::Forward) {
        let ((room, alias), ()) = row?;
        if ALIASES.get(read, &alias)?.is_none_or(|record| record.room != room) {
            find(findings, "aliases", format!("{alias} is listed with a room that it does not name"));
        }
    }
    for row in PUBLISHED.scan(read, &(), Direction::Forward) {
        let ((_, room), ()) = row?;
        if !ROOMS.contains(read, &room)? {
            find(findings, "published", format!("room {} is published and not there", room.0));
        }
    }
    for row in TRANSACTIONS.scan(read, &(), Direction::Forward) {
        let ((user, _, _, _, id), record) = row?;
        if !EVENT_META.contains(read, &record.event)? {
            let user = rooms.store.ids().user_id(user)?;
            find(
                findings,
                "transactions",
                format!("transaction {id} of {user} sent an event that is not there"),
            );
        }
    }
    Ok(())
}
