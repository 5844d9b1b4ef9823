//! State events as clients get them, ready to be copied.

use std::sync::Arc;

use kith_event::{Pdu, client_format::RoomIdIn};
use kith_store::EventSid;
use quick_cache::{Weighter, sync::Cache};
use serde_json::value::RawValue;

/// How many bytes of ready texts are kept.
const TEXTS_BYTES: u64 = 16 << 20;
/// What an entry costs beside its text, in bytes.
const ENTRY_BYTES: u64 = 96;
/// What a text is expected to weigh, in bytes.
const TYPICAL_BYTES: u64 = 512;

/// Texts by event and form.
pub(crate) struct Texts(Cache<(EventSid, bool), Ready, ByLength>);

#[derive(Clone)]
struct Ready {
    /// The event that the text was made from: after a redaction there is another one, and the text is not used.
    pdu: Pdu,
    text: Arc<RawValue>,
}

#[derive(Clone)]
struct ByLength;

impl Weighter<(EventSid, bool), Ready> for ByLength {
    fn weight(&self, _: &(EventSid, bool), ready: &Ready) -> u64 {
        // The event is mostly shared with the cache of events; counted all the same, as it may outlive that.
        ENTRY_BYTES + ready.text.get().len() as u64 + ready.pdu.memory_bytes() as u64
    }
}

impl Default for Texts {
    fn default() -> Self {
        let entries = usize::try_from(TEXTS_BYTES / TYPICAL_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(entries, TEXTS_BYTES, ByLength))
    }
}

impl Texts {
    pub(crate) fn get(&self, event: EventSid, room_id: RoomIdIn, pdu: &Pdu) -> Option<Arc<RawValue>> {
        let ready = self.0.get(&(event, room_id == RoomIdIn::Event))?;
        // One and the same text in memory, not an equal one: that costs nothing to find out.
        std::ptr::eq(ready.pdu.json(), pdu.json()).then_some(ready.text)
    }

    pub(crate) fn insert(&self, event: EventSid, room_id: RoomIdIn, pdu: Pdu, text: &RawValue) {
        let text: Arc<RawValue> = Arc::from(text.to_owned());
        self.0.insert((event, room_id == RoomIdIn::Event), Ready { pdu, text });
    }
}
