//! What a user's rules say of an event. An event is taken apart once, however many readers it has.

use std::sync::Arc;

use futures_util::FutureExt;
use kith_store::EventSid;
use quick_cache::sync::Cache;
use ruma::{
    events::AnySyncTimelineEvent,
    push::{Action, FlattenedJson, PushConditionRoomCtx, Ruleset},
    serde::Raw,
};

use crate::Push;

/// How many events are kept taken apart.
pub(crate) const FLATTENED_EVENTS_MAX: usize = 4_096;

pub(crate) type FlattenedCache = Cache<EventSid, Arc<FlattenedJson>>;

/// What a reader is to be told of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Says {
    /// Count it.
    pub(crate) notify: bool,
    /// Show it as meant for the reader.
    pub(crate) highlight: bool,
}

impl Push {
    /// The event in the form that conditions are matched against.
    pub(crate) fn flattened(&self, event: EventSid) -> Result<Arc<FlattenedJson>, kith_store::Error> {
        if let Some(ready) = self.flattened.get(&event) {
            return Ok(ready);
        }
        let pdu = self.rooms.pdu(event)?;
        let raw = serde_json::value::RawValue::from_string(pdu.json().to_owned());
        let raw = raw.map_err(|_| kith_store::Error::Corrupt { table: "event_json", what: "JSON" })?;
        let flattened = Arc::new(FlattenedJson::from_raw(&Raw::<AnySyncTimelineEvent>::from_json(raw)));
        self.flattened.insert(event, Arc::clone(&flattened));
        Ok(flattened)
    }
}

/// The actions of the first rule that applies; none where no rule does, or for one's own events.
pub(crate) fn actions<'a>(
    ruleset: &'a Ruleset,
    event: &FlattenedJson,
    context: &PushConditionRoomCtx,
) -> &'a [Action] {
    for rule in ruleset.iter() {
        // Nothing in these conditions waits: the future is ready at once.
        if rule.applies(event, context).now_or_never() == Some(true) {
            return rule.actions();
        }
    }
    &[]
}

pub(crate) fn says(ruleset: &Ruleset, event: &FlattenedJson, context: &PushConditionRoomCtx) -> Says {
    let actions = actions(ruleset, event, context);
    let notify = actions.iter().any(Action::should_notify);
    Says { notify, highlight: notify && actions.iter().any(Action::is_highlight) }
}
