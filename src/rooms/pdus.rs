//! Events out of the store, kept ready in a cache that is bounded in bytes.
//!
//! Events never change, but for one thing: a redaction takes the content away. Reads therefore go to the newest rows
//! and not to a snapshot, so that an event that was redacted meanwhile cannot come back into the cache.

use kith_event::Pdu;
use kith_store::{
    Error, EventSid,
    tables::events::{self, EVENT_META, EventMeta, Verdict},
};
use quick_cache::{Weighter, sync::Cache};
use ruma::EventId;

use crate::Rooms;

/// About how large an event is, to size the cache's table.
const PDU_BYTES_TYPICAL: u64 = 2_000;

/// The events that were used lately.
pub(crate) struct PduCache(Cache<EventSid, Pdu, ByMemory>);

#[derive(Clone)]
struct ByMemory;

impl Weighter<EventSid, Pdu> for ByMemory {
    fn weight(&self, _: &EventSid, pdu: &Pdu) -> u64 {
        pdu.memory_bytes() as u64
    }
}

impl PduCache {
    pub(crate) fn new(bytes_max: u64) -> Self {
        let entries = usize::try_from(bytes_max / PDU_BYTES_TYPICAL).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(entries, bytes_max, ByMemory))
    }

    /// Replaces whatever is cached, and whatever somebody is loading right now.
    pub(crate) fn put(&self, event: EventSid, pdu: Pdu) {
        self.0.insert(event, pdu);
    }

    /// How many bytes are in use.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.weight()
    }
}

impl Rooms {
    /// An event that is stored, in the form it has now.
    pub fn pdu(&self, event: EventSid) -> Result<Pdu, Error> {
        let missing = || Error::Missing { table: "event_meta", key: event.0.to_string() };
        self.find_pdu(event)?.ok_or_else(missing)
    }

    /// Many events that are stored, in their order.
    pub fn pdus(&self, events: &[EventSid]) -> Result<Vec<Pdu>, Error> {
        events.iter().map(|event| self.pdu(*event)).collect()
    }

    /// An event, if it is stored.
    pub fn find_pdu(&self, event: EventSid) -> Result<Option<Pdu>, Error> {
        if let Some(pdu) = self.pdus.0.get(&event) {
            return Ok(Some(pdu));
        }
        let Some(meta) = EVENT_META.get(self.store.engine(), &event)? else { return Ok(None) };
        // Whoever replaces the event while it is being read wins over what was read.
        let loaded = self.pdus.0.get_or_insert_with(&event, || self.load(event, &meta))?;
        Ok(Some(loaded))
    }

    /// An event whose metadata is at hand, without a place in the cache: for those who pass by all events once.
    pub fn pdu_in_passing(&self, event: EventSid, meta: &EventMeta) -> Result<Option<Pdu>, Error> {
        if let Some(pdu) = self.pdus.0.get(&event) {
            return Ok(Some(pdu));
        }
        match self.load(event, meta) {
            Ok(pdu) => Ok(Some(pdu)),
            // It was taken away meanwhile.
            Err(Error::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An event by its name, if it is stored.
    pub fn find_event(&self, event_id: &EventId) -> Result<Option<(EventSid, Pdu)>, Error> {
        let Some(event) = self.store.ids().find_event(event_id)? else { return Ok(None) };
        Ok(self.find_pdu(event)?.map(|pdu| (event, pdu)))
    }

    /// How many bytes the cache of events holds.
    pub fn pdu_cache_bytes(&self) -> u64 {
        self.pdus.bytes()
    }

    fn load(&self, event: EventSid, meta: &EventMeta) -> Result<Pdu, Error> {
        let json = events::get_json(self.store.engine(), event)?;
        let version = self.room_of(meta.room)?.version;
        let event_id = self.store.ids().event_id(event)?;
        Pdu::from_stored(version, event_id, meta.verdict == Verdict::Rejected, json)
            .map_err(|_| Error::Corrupt { table: "event_json", what: "event" })
    }
}
