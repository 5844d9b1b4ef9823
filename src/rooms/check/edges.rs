//! The backward edges are the events with a place that follow something without one.

use std::collections::BTreeSet;

use kith_store::{
    Direction, Error, Read,
    tables::{
        edges::BACKWARD_EDGES,
        events::{EVENT_META, EventMeta},
    },
};

use super::{Finding, find};
use crate::Rooms;

pub(super) fn check(rooms: &Rooms, read: &dyn Read, findings: &mut Vec<Finding>) -> Result<(), Error> {
    let ids = rooms.store.ids();
    let mut listed = BTreeSet::new();
    for row in BACKWARD_EDGES.scan(read, &(), Direction::Forward) {
        let ((room, depth, event), ()) = row?;
        let meta = EVENT_META.get(read, &event)?;
        if !meta.is_some_and(|meta| meta.room == room && meta.depth == depth && meta.place.is_some()) {
            find(findings, "backward_edges", format!("event {} is listed and has no place there", event.0));
        }
        listed.insert(event);
    }
    for row in EVENT_META.scan(read, &(), Direction::Forward) {
        let (event, meta) = row?;
        if meta.place.is_none() {
            continue;
        }
        let has_gap = has_gap(read, &meta)?;
        if has_gap != listed.contains(&event) {
            let what = if has_gap { "is not listed" } else { "is listed and has no gap below it" };
            find(findings, "backward_edges", format!("{} {what}", ids.event_id(event)?));
        }
    }
    Ok(())
}

fn has_gap(read: &dyn Read, meta: &EventMeta) -> Result<bool, Error> {
    let prev = EVENT_META.get_many(read, &meta.prev)?;
    Ok(prev.iter().any(|meta| meta.as_ref().is_none_or(|meta| meta.place.is_none())))
}
