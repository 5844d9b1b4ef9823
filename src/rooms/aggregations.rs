//! Bundled aggregations: what an event's `m.relations` says about the events that relate to it.
//!
//! Threads come with their newest event and their size, edits as the newest valid one, references as a list.
//! <https://spec.matrix.org/v1.19/client-server-api/#aggregations-of-child-events>

mod threads;

use std::collections::HashMap;

use kith_event::{
    Pdu,
    client_format::{Unsigned, client_event},
};
use kith_store::{
    Direction, Error, EventSid, Read,
    tables::{
        events::{EVENT_META, EventMeta, Verdict},
        relations::{RELATIONS, RelationRecord},
    },
};
use ruma::{OwnedEventId, UInt};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    Rooms,
    filter::rel_type,
    render::{Form, Shown, raw},
    visibility::{RoomView, Seen},
};

/// How many relations of one event are looked at; of more, the newest.
const RELATIONS_LOOKED_AT_MAX: usize = 5_000;
/// How many edits of one event are weighed; of more, the newest.
const EDITS_WEIGHED_MAX: usize = 100;
/// How many references are listed in one event.
const REFERENCES_LISTED_MAX: usize = 100;

/// `m.relations`.
#[derive(Serialize)]
struct Bundle {
    #[serde(rename = "m.thread", skip_serializing_if = "Option::is_none")]
    thread: Option<Thread>,
    #[serde(rename = "m.replace", skip_serializing_if = "Option::is_none")]
    replace: Option<Box<RawValue>>,
    #[serde(rename = "m.reference", skip_serializing_if = "Option::is_none")]
    reference: Option<References>,
}

#[derive(Serialize)]
struct Thread {
    latest_event: Box<RawValue>,
    count: UInt,
    current_user_participated: bool,
}

#[derive(Serialize)]
struct References {
    chunk: Vec<Reference>,
}

#[derive(Serialize)]
struct Reference {
    event_id: OwnedEventId,
}

/// What was found about one event before anything is decided.
#[derive(Default)]
struct Children {
    edits: Vec<EventSid>,
    references: Vec<EventSid>,
    /// The events of the thread below it, newest first, with their senders.
    thread: Vec<(EventSid, RelationRecord)>,
}

impl Rooms {
    /// The edit that an event is shown with today, whoever looks: for what is derived from events for everybody.
    pub fn newest_edit(
        &self,
        read: &dyn Read,
        event: EventSid,
        meta: &EventMeta,
        pdu: &Pdu,
    ) -> Result<Option<(EventSid, Pdu)>, Error> {
        if meta.state_key.is_some() || rel_type(pdu).as_deref() == Some("m.replace") {
            return Ok(None);
        }
        let mut newest: Option<(EventSid, Pdu)> = None;
        let rows = RELATIONS.scan(read, &event, Direction::Backward).take(RELATIONS_LOOKED_AT_MAX);
        let mut weighed = 0;
        for row in rows {
            let ((_, _, _, child), relation) = row?;
            if relation.rel_type != "m.replace" || !may_edit(meta, pdu, &relation) {
                continue;
            }
            let counts = EVENT_META.get(read, &child)?.is_some_and(|child| {
                let accepted = child.verdict == Verdict::Accepted && child.room == meta.room;
                accepted && child.redacted_by.is_none() && child.state_key.is_none()
            });
            let edit = self.pdu(child)?;
            if counts && is_newer_edit(&edit, newest.as_ref().map(|(_, newest)| newest)) {
                newest = Some((child, edit));
            }
            weighed += 1;
            if weighed == EDITS_WEIGHED_MAX {
                break;
            }
        }
        Ok(newest)
    }
}

impl RoomView<'_> {
    /// The text of `m.relations` for each event, where there is something to say.
    pub(crate) fn bundle(&self, shown: &[Shown], form: Form) -> Result<Vec<Option<String>>, Error> {
        self.bundle_with(shown, form, true)
    }

    /// The newest event of a thread is bundled with its own edit, but with no thread.
    fn bundle_with(&self, shown: &[Shown], form: Form, threads: bool) -> Result<Vec<Option<String>>, Error> {
        let children = self.children(shown)?;
        let asked: Vec<EventSid> = children
            .iter()
            .flat_map(|children| children.edits.iter().chain(&children.references))
            .copied()
            .collect();
        let looked = self.look(&asked)?;
        let visible: HashMap<EventSid, Seen> =
            looked.into_iter().flatten().map(|seen| (seen.event, seen)).collect();
        let mut threads = match threads {
            true => self.threads(shown, &children, form)?,
            false => shown.iter().map(|_| None).collect(),
        };
        let mut bundles = Vec::with_capacity(shown.len());
        for (at, (event, children)) in shown.iter().zip(&children).enumerate() {
            let bundle = Bundle {
                thread: threads[at].take(),
                replace: self.newest_edit(event, &children.edits, &visible, form)?,
                reference: self.references(&children.references, &visible)?,
            };
            let empty = bundle.thread.is_none() && bundle.replace.is_none() && bundle.reference.is_none();
            bundles.push((!empty).then(|| text(&bundle)));
        }
        Ok(bundles)
    }

    /// What relates to each event. State has no aggregations, and of a redacted event only its thread lives on.
    fn children(&self, shown: &[Shown]) -> Result<Vec<Children>, Error> {
        let mut all = Vec::with_capacity(shown.len());
        for Shown { seen, pdu } in shown {
            let mut children = Children::default();
            if seen.meta.state_key.is_none() {
                let redacted = seen.meta.redacted_by.is_some() || seen.redacted;
                let is_edit = rel_type(pdu).as_deref() == Some("m.replace");
                let rows = RELATIONS.scan(self.read, &seen.event, Direction::Backward);
                for row in rows.take(RELATIONS_LOOKED_AT_MAX) {
                    let ((_, _, _, child), relation) = row?;
                    match relation.rel_type.as_str() {
                        "m.thread" => children.thread.push((child, relation)),
                        _ if redacted => {}
                        "m.replace"
                            if !is_edit
                                && may_edit(&seen.meta, pdu, &relation)
                                && children.edits.len() < EDITS_WEIGHED_MAX =>
                        {
                            children.edits.push(child);
                        }
                        "m.reference" if children.references.len() < REFERENCES_LISTED_MAX => {
                            children.references.push(child);
                        }
                        _ => {}
                    }
                }
                // Rows came newest first; references are listed in the order of the room.
                children.references.reverse();
            }
            all.push(children);
        }
        Ok(all)
    }

    /// The newest valid edit by its sender's clock; of those at the same time, the one with the greatest id.
    fn newest_edit(
        &self,
        event: &Shown,
        edits: &[EventSid],
        visible: &HashMap<EventSid, Seen>,
        form: Form,
    ) -> Result<Option<Box<RawValue>>, Error> {
        let mut newest: Option<Pdu> = None;
        for edit in edits.iter().filter_map(|edit| visible.get(edit)) {
            if edit.meta.redacted_by.is_some() || edit.meta.state_key.is_some() || edit.redacted {
                continue;
            }
            let edit = self.rooms.pdu(edit.event)?;
            if is_newer_edit(&edit, newest.as_ref()) && edit.kind_text() == event.pdu.kind_text() {
                newest = Some(edit);
            }
        }
        Ok(newest.map(|edit| raw(client_event(&edit, &Unsigned::default(), form.room_id))))
    }

    fn references(
        &self,
        references: &[EventSid],
        visible: &HashMap<EventSid, Seen>,
    ) -> Result<Option<References>, Error> {
        let mut chunk = Vec::new();
        for child in references.iter().filter_map(|child| visible.get(child)) {
            if child.meta.redacted_by.is_none() {
                chunk.push(Reference { event_id: self.rooms.store.ids().event_id(child.event)? });
            }
        }
        Ok((!chunk.is_empty()).then_some(References { chunk }))
    }
}

/// Only the sender may edit, and only into an event of the same type.
fn may_edit(parent: &EventMeta, pdu: &Pdu, relation: &RelationRecord) -> bool {
    relation.sender == parent.sender && relation.kind == pdu.kind().to_string()
}

/// Whether an edit counts and takes the place of the one that counted so far.
fn is_newer_edit(edit: &Pdu, so_far: Option<&Pdu>) -> bool {
    let rank = |pdu: &Pdu| (pdu.origin_server_ts(), pdu.event_id().clone());
    has_new_content(edit) && so_far.is_none_or(|newest| rank(newest) < rank(edit))
}

/// An encrypted edit hides its new content, so it is taken at its word.
fn has_new_content(edit: &Pdu) -> bool {
    edit.kind_text() == "m.room.encrypted"
        || edit
            .content_field::<Box<RawValue>>("m.new_content")
            .is_some_and(|content| content.get().starts_with('{'))
}

fn text(bundle: &Bundle) -> String {
    serde_json::to_string(bundle).expect("a bundle holds only what JSON can say")
}
