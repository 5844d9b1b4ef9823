//! Redactions take the content of their target away, in the commit that brings the second of the two.
//! <https://spec.matrix.org/v1.19/client-server-api/#redactions>

use kith_event::{
    Pdu,
    redact::{may_redact, redact},
};
use kith_store::{
    Direction, Error, EventSid, Txn,
    tables::events::{EVENT_JSON, EVENT_META, REDACTIONS_WAITING, Verdict},
};
use ruma::events::TimelineEventType;

use super::{Aftermath, RelatesTo, RoomWrite, sticky};

/// How many redactions of an event that has not arrived are looked at when it does.
const WAITING_MAX: usize = 20;

/// What one redaction does.
pub(super) enum Redaction {
    /// Its target is here: it loses its content.
    Apply { target: EventSid, by: EventSid },
    /// Its target is not here yet.
    Wait { target: EventSid, by: EventSid },
    /// It does not wait any more.
    Done { target: EventSid, by: EventSid },
}

impl Redaction {
    /// The event that redacts.
    fn by(&self) -> EventSid {
        match self {
            Self::Apply { by, .. } | Self::Wait { by, .. } | Self::Done { by, .. } => *by,
        }
    }
}

impl RoomWrite<'_> {
    /// Notes what the newest event redacts, and what redacts it.
    pub(super) fn note_redactions(&mut self) -> Result<(), Error> {
        match self.events.len().checked_sub(1) {
            Some(index) => self.note_redactions_of(index),
            None => Ok(()),
        }
    }

    /// Notes what an event of this write redacts, and what redacts it.
    pub(super) fn note_redactions_of(&mut self, index: usize) -> Result<(), Error> {
        let event = &self.events[index];
        let (sid, pdu) = (event.sid, event.pdu.clone());
        if *pdu.kind() == TimelineEventType::RoomRedaction
            && let Some(redacts) = pdu.redacts()
        {
            let target = self.rooms.store.ids().event(redacts)?;
            self.note_redaction(target, sid)?;
        }
        self.note_waiting(sid)
    }

    /// Notes what has waited for an event to redact it.
    pub(super) fn note_waiting(&mut self, sid: EventSid) -> Result<(), Error> {
        let just_noted = self.redactions.extract_if(.., |redaction| match redaction {
            Redaction::Wait { target, .. } => *target == sid,
            Redaction::Apply { .. } | Redaction::Done { .. } => false,
        });
        let just_noted: Vec<Redaction> = just_noted.collect();
        for redaction in just_noted {
            self.note_redaction(sid, redaction.by())?;
        }
        let waiting = REDACTIONS_WAITING.scan(self.rooms.store.engine(), &sid, Direction::Forward);
        let waiting: Vec<_> = waiting.take(WAITING_MAX).collect::<Result<_, _>>()?;
        for ((_, by), ()) in waiting {
            self.redactions.push(Redaction::Done { target: sid, by });
            self.note_redaction(sid, by)?;
        }
        Ok(())
    }

    fn note_redaction(&mut self, target: EventSid, by: EventSid) -> Result<(), Error> {
        let Some(target_meta) = self.find_meta(target)? else {
            self.redactions.push(Redaction::Wait { target, by });
            return Ok(());
        };
        let by_meta = self.meta(by)?;
        if target_meta.room != self.room.sid
            || by_meta.room != self.room.sid
            || by_meta.verdict != Verdict::Accepted
        {
            return Ok(());
        }
        let Some(place) = by_meta.place else { return Ok(()) };
        let powers = self.powers(place.state_before)?;
        if may_redact(&self.pdu(by)?, &self.pdu(target)?, &powers) {
            self.redactions.push(Redaction::Apply { target, by });
        }
        Ok(())
    }

    pub(super) fn write_redactions(&mut self, txn: &mut Txn, aftermath: &mut Aftermath) -> Result<(), Error> {
        for redaction in std::mem::take(&mut self.redactions) {
            match redaction {
                Redaction::Wait { target, by } => REDACTIONS_WAITING.put(&mut txn.batch, &(target, by), &()),
                Redaction::Done { target, by } => REDACTIONS_WAITING.delete(&mut txn.batch, &(target, by)),
                Redaction::Apply { target, by } => self.take_content(txn, aftermath, target, by)?,
            }
        }
        Ok(())
    }

    fn take_content(
        &mut self,
        txn: &mut Txn,
        aftermath: &mut Aftermath,
        target: EventSid,
        by: EventSid,
    ) -> Result<(), Error> {
        let mut meta = self.meta(target)?;
        if meta.redacted_by.is_some() {
            return Ok(());
        }
        let pdu = self.pdu(target)?;
        self.unrelate(txn, target, &pdu)?;
        self.note_for_search(txn, target, by);
        if let Some(edited) = RelatesTo::of(&pdu).filter(RelatesTo::is_edit) {
            self.note_for_search(txn, self.rooms.store.ids().event(&edited.parent)?, by);
        }
        if pdu.sticky_ms().is_some() {
            sticky::forget(self.rooms, txn, self.room.sid, target)?;
        }
        let redacted = redact(&pdu, None);
        meta.redacted_by = Some(by);
        EVENT_META.put(&mut txn.batch, &target, &meta);
        EVENT_JSON.put(&mut txn.batch, &target, &redacted.json().to_owned());
        aftermath.powers_changed |= is_about_power(&redacted);
        aftermath.acls_changed |= *redacted.kind() == TimelineEventType::RoomServerAcl;
        match self.pending(target) {
            Some(event) => {
                event.pdu = redacted;
                event.meta = meta;
            }
            None => aftermath.pdus.push((target, redacted)),
        }
        Ok(())
    }
}

fn is_about_power(pdu: &Pdu) -> bool {
    matches!(pdu.kind(), TimelineEventType::RoomPowerLevels | TimelineEventType::RoomCreate)
}
