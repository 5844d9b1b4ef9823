//! Events as clients get them: the stored text with an `unsigned` part that fits the viewer.
//!
//! The text itself is spliced by `kith_event::client_format`; what goes into `unsigned` is decided here, for many
//! events at once. Whether an event may be shown was judged before (`visibility.rs`): what comes in as [`Seen`] goes
//! out. State events without a viewer's touch are kept ready and shared by everybody who asks.
//! <https://spec.matrix.org/v1.19/client-server-api/#room-event-format>

pub(crate) mod cache;
mod whole;

use std::collections::HashMap;

use kith_event::{
    Pdu,
    client_format::{RoomIdIn, Unsigned, client_event},
    redact::redact,
};
use kith_store::{Error, EventSid, state::StateRoot, tables::events::EventMeta};
use ruma::{OwnedEventId, OwnedUserId};
use serde_json::value::RawValue;

use crate::{
    delayed::delay_or_transaction,
    filter::is_never_shown,
    visibility::{RoomView, Seen},
};

/// How much longer an event is sticky, in milliseconds: <https://github.com/matrix-org/matrix-spec-proposals/pull/4354>
const STICKY_FOR_MS: &str = "msc4354_sticky_duration_ttl_ms";

/// In which form events are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Whether each event names its room.
    pub room_id: RoomIdIn,
    /// Whether what relates to an event is bundled with it.
    pub relations: bool,
}

impl Form {
    /// For events that stand alone: they name their room.
    pub const ALONE: Self = Self { room_id: RoomIdIn::Event, relations: true };
    /// For events that are listed under their room.
    pub const IN_ROOM: Self = Self { room_id: RoomIdIn::Context, relations: true };

    /// The same form without bundled relations.
    #[must_use]
    pub fn without_relations(self) -> Self {
        Self { relations: false, ..self }
    }
}

/// An event on its way to the client.
pub(crate) struct Shown {
    pub(crate) seen: Seen,
    /// The event as the viewer may know it.
    pub(crate) pdu: Pdu,
}

/// What a state event replaced.
struct Replaced {
    id: OwnedEventId,
    sender: OwnedUserId,
    /// Absent where the viewer may not see it.
    content: Option<String>,
}

impl RoomView<'_> {
    /// The events as the viewer gets them, in the same order.
    pub fn render(&self, seen: Vec<Seen>, form: Form) -> Result<Vec<Box<RawValue>>, Error> {
        let shown = self.load(seen)?;
        self.render_loaded(&shown, form)
    }

    /// State events as everybody who may see the state gets them: no age, no previous content, nothing bundled.
    pub fn render_state(&self, events: &[EventSid], room_id: RoomIdIn) -> Result<Vec<Box<RawValue>>, Error> {
        let mut texts = Vec::with_capacity(events.len());
        for (event, pdu) in events.iter().zip(self.rooms.pdus(events)?) {
            if let Some(ready) = self.rooms.reading.texts.get(*event, room_id, &pdu) {
                texts.push((*ready).to_owned());
                continue;
            }
            let meta = kith_store::tables::events::get_meta(self.read, *event)?;
            let because = self.redacted_because(&meta, room_id)?;
            let unsigned = Unsigned { redacted_because: because.as_deref(), ..Unsigned::default() };
            let text = raw(client_event(&pdu, &unsigned, room_id));
            self.rooms.reading.texts.insert(*event, room_id, pdu, &text);
            texts.push(text);
        }
        Ok(texts)
    }

    /// The texts behind what was seen, without events that clients never see.
    pub(crate) fn load(&self, seen: Vec<Seen>) -> Result<Vec<Shown>, Error> {
        let events: Vec<EventSid> = seen.iter().map(|seen| seen.event).collect();
        let pdus = self.rooms.pdus(&events)?;
        let show = |(seen, pdu): (Seen, Pdu)| {
            let pdu = if seen.redacted { redact(&pdu, None) } else { pdu };
            (!is_never_shown(&pdu)).then_some(Shown { seen, pdu })
        };
        Ok(seen.into_iter().zip(pdus).filter_map(show).collect())
    }

    /// As [`Self::render`], where the texts are at hand.
    pub(crate) fn render_loaded(&self, shown: &[Shown], form: Form) -> Result<Vec<Box<RawValue>>, Error> {
        let relations = if form.relations { self.bundle(shown, form)? } else { vec![None; shown.len()] };
        self.render_with(shown, &relations, form)
    }

    /// As [`Self::render`], where texts and aggregations are at hand.
    pub(crate) fn render_with(
        &self,
        shown: &[Shown],
        relations: &[Option<String>],
        form: Form,
    ) -> Result<Vec<Box<RawValue>>, Error> {
        let replaced = self.replaced(shown)?;
        let now_ms = self.rooms.clock.now_ms();
        let mut texts = Vec::with_capacity(shown.len());
        for (event, relations) in shown.iter().zip(relations) {
            let Shown { seen, pdu } = event;
            let replaced = replaced.get(&seen.event);
            let because = self.redacted_because(&seen.meta, form.room_id)?;
            let root = seen.meta.place.as_ref().map(|place| place.state_after);
            let delay_id = self.delay_id(&seen.meta).map(|delay_id| format!("\"{delay_id}\""));
            let sticky_for_ms = self.rooms.sticky_for_ms(self.read, seen.event, pdu)?;
            let sticky_for_ms = sticky_for_ms.map(|left_ms| left_ms.to_string());
            let extra = [("org.matrix.msc4140.delay_id", &delay_id), (STICKY_FOR_MS, &sticky_for_ms)];
            let extra: Vec<_> =
                extra.iter().filter_map(|(name, json)| Some((*name, json.as_deref()?))).collect();
            let unsigned = Unsigned {
                age: Some(age(now_ms, pdu.origin_server_ts())),
                membership: self.membership_word(root)?,
                prev_content: replaced.and_then(|replaced| replaced.content.as_deref()),
                prev_sender: replaced.map(|replaced| &*replaced.sender),
                replaces_state: replaced.map(|replaced| &*replaced.id),
                transaction_id: self.transaction_id(&seen.meta),
                redacted_because: because.as_deref(),
                relations: relations.as_deref(),
                extra: &extra,
            };
            texts.push(raw(client_event(pdu, &unsigned, form.room_id)));
        }
        Ok(texts)
    }

    /// What the viewer was to the room at the event; who never was anything to it counts as gone.
    fn membership_word(&self, root: Option<StateRoot>) -> Result<Option<&'static str>, Error> {
        let (Some(root), Some(_)) = (root, self.viewer.user) else { return Ok(None) };
        Ok(Some(self.membership_at(root)?.map_or("leave", |membership| membership.as_str())))
    }

    /// The redaction that emptied the event, as clients get it.
    fn redacted_because(&self, meta: &EventMeta, room_id: RoomIdIn) -> Result<Option<String>, Error> {
        let Some(redaction) = meta.redacted_by else { return Ok(None) };
        let redaction = self.rooms.pdu(redaction)?;
        Ok(Some(client_event(&redaction, &Unsigned::default(), room_id)))
    }

    /// What each state event replaced, by the event that replaced it.
    fn replaced(&self, shown: &[Shown]) -> Result<HashMap<EventSid, Replaced>, Error> {
        let mut pairs = Vec::new();
        for Shown { seen, .. } in shown {
            let (Some(place), Some(state_key)) = (&seen.meta.place, seen.meta.state_key) else { continue };
            if let Some(before) = self.states.get(place.state_before, state_key)?
                && before != seen.event
            {
                pairs.push((seen.event, before));
            }
        }
        let before: Vec<EventSid> = pairs.iter().map(|(_, before)| *before).collect();
        let visible = self.look(&before)?;
        let pdus = self.rooms.pdus(&before)?;
        let mut replaced = HashMap::with_capacity(pairs.len());
        for (((event, _), pdu), visible) in pairs.into_iter().zip(pdus).zip(visible) {
            let content = visible.is_some().then(|| pdu.content_text().to_owned());
            let before = Replaced { id: pdu.event_id().clone(), sender: pdu.sender().clone(), content };
            replaced.insert(event, before);
        }
        Ok(replaced)
    }

    /// The transaction id, if the event was sent by the viewer's own device.
    fn transaction_id<'m>(&self, meta: &'m EventMeta) -> Option<&'m str> {
        let transaction = meta.transaction.as_ref()?;
        let device_id = self.viewer.device_id.as_ref()?;
        let own = self.viewer.user == Some(meta.sender) && transaction.device == *device_id.as_str();
        delay_or_transaction(transaction).err().filter(|_| own)
    }

    /// The delay id, if the event was sent late and its sender looks. Delay ids are letters and digits; a client that
    /// makes up a transaction id like one of ours is told nothing.
    fn delay_id<'m>(&self, meta: &'m EventMeta) -> Option<&'m str> {
        let delay_id = delay_or_transaction(meta.transaction.as_ref()?).ok()?;
        let own = self.viewer.user == Some(meta.sender);
        let well_formed = delay_id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (own && well_formed).then_some(delay_id)
    }
}

/// How long ago an event was sent; clocks that run ahead make it negative.
fn age(now_ms: u64, sent_ms: u64) -> i64 {
    let (now_ms, sent_ms) =
        (i64::try_from(now_ms).unwrap_or(i64::MAX), i64::try_from(sent_ms).unwrap_or(i64::MAX));
    now_ms.saturating_sub(sent_ms)
}

pub(crate) fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).expect("texts of events are spliced from JSON")
}
