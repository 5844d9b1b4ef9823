//! `kith check`: proves that the rows about rooms agree with each other and with the events.
//!
//! It only reads, room by room, and needs memory for one room's events at a time.

mod edges;
mod events;
mod members;
mod names;
mod orders;
mod relations;

use std::collections::BTreeMap;

use kith_event::verify::{PublicKey, PublicKeys};
use kith_store::{
    Direction, Error, Read, RoomSid,
    state::{NodeCache, RoomStates},
    tables::rooms::{Heads, ROOM_HEADS, ROOMS, TOPOLOGY},
};

use crate::{Rooms, room::Room};

/// How many findings are listed; where there are more, the rest says nothing new.
const FINDINGS_MAX: usize = 1_000;

/// How many bytes of state nodes are kept while a room is checked.
const CHECK_CACHE_BYTES: u64 = 32 << 20;

/// Something that is not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: a room's id, or a table's name.
    pub place: String,
    /// What.
    pub what: String,
}

/// What a check saw.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// How many rooms.
    pub rooms: u64,
    /// How many events.
    pub events: u64,
    /// What is wrong; empty if all is well.
    pub findings: Vec<Finding>,
}

/// One room under examination.
struct RoomCheck<'a> {
    rooms: &'a Rooms,
    read: &'a dyn Read,
    cache: &'a NodeCache,
    room: Room,
    heads: Heads,
    states: RoomStates<'a>,
    keys: &'a PublicKeys,
    findings: &'a mut Vec<Finding>,
}

impl Rooms {
    /// Checks every invariant over the rows about rooms.
    pub fn check(&self) -> Result<Checked, Error> {
        let view = self.store.read();
        let read: &dyn Read = &*view;
        let mut checked = Checked::default();
        let keys = self.own_keys();
        for row in ROOMS.scan(read, &(), Direction::Forward) {
            let (sid, _) = row?;
            checked.rooms += 1;
            // A row that does not decode, or is not there, is a finding like any other.
            match self.check_room(read, sid, &keys, &mut checked.findings) {
                Ok(events) => checked.events += events,
                Err(error) => find(&mut checked.findings, &format!("room {}", sid.0), error.to_string()),
            }
        }
        checked.events += events::check_unplaced(self, read, &mut checked.findings)?;
        edges::check(self, read, &mut checked.findings)?;
        names::check(self, read, &mut checked.findings)?;
        Ok(checked)
    }

    fn check_room(
        &self,
        read: &dyn Read,
        sid: RoomSid,
        keys: &PublicKeys,
        findings: &mut Vec<Finding>,
    ) -> Result<u64, Error> {
        let room = self.room_of(sid)?;
        let Some(heads) = ROOM_HEADS.get(read, &sid)? else {
            // Of a room to which users were only invited there are no more than events without a place.
            if TOPOLOGY.scan(read, &sid, Direction::Forward).next().is_some() {
                find(findings, room.id.as_str(), "the room has no heads".to_owned());
            }
            return Ok(0);
        };
        // A cache of its own, so that what is on disk is proved and not what is in memory.
        let cache = NodeCache::new(CHECK_CACHE_BYTES);
        let states = RoomStates::new(read, sid, &cache);
        let mut check = RoomCheck { rooms: self, read, cache: &cache, room, heads, states, keys, findings };
        let events = check.events()?;
        check.orders()?;
        // What is known of a room that was left behind does not change, but its users may be invited from outside.
        if self.is_resident(sid)? {
            check.members()?;
        }
        check.relations()?;
        Ok(events)
    }

    fn own_keys(&self) -> PublicKeys {
        let key = PublicKey { key: self.signing_key.public_key(), valid_until_ts: u64::MAX };
        BTreeMap::from([(self.server_name.clone(), BTreeMap::from([(self.signing_key.id(), key)]))])
    }
}

impl RoomCheck<'_> {
    fn find(&mut self, what: impl Into<String>) {
        find(self.findings, self.room.id.as_str(), what.into());
    }

    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.find(what());
        }
    }
}

fn find(findings: &mut Vec<Finding>, place: &str, what: String) {
    if findings.len() < FINDINGS_MAX {
        findings.push(Finding { place: place.to_owned(), what });
    }
}
