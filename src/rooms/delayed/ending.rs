//! What becomes of a delayed event: it is put off again, taken back, or sent.

use kith_store::{
    Error,
    tables::{
        delayed::{DELAYED_DUE, DELAYED_EVENTS, DelayedEnd, DelayedOutcome, DelayedRecord},
        events::Transaction,
    },
};
use ruma::OwnedEventId;
use serde_json::value::RawValue;

use super::DelayError;
use crate::{
    Rooms, WriteError,
    send::{NewMessage, NewState, SendError},
};

/// How the transactions begin in which delayed events are sent, so that a crash in between does not send one twice.
const TRANSACTION: &str = "org.matrix.msc4140.delay_id:";

impl Rooms {
    /// Begins to wait anew.
    pub fn restart_delayed_event(&self, delay_id: &str) -> Result<(), DelayError> {
        let changing = self.delaying.changing.lock();
        let mut record = self.waiting(delay_id)?.map_err(|end| conflict(&end))?;
        let mut txn = self.store.begin();
        DELAYED_DUE.delete(&mut txn.batch, &(record.due_ms, delay_id.to_owned()));
        record.running_since_ms = self.clock.now_ms();
        record.due_ms = record.running_since_ms.saturating_add(record.delay_ms);
        DELAYED_DUE.put(&mut txn.batch, &(record.due_ms, delay_id.to_owned()), &());
        DELAYED_EVENTS.put(&mut txn.batch, &delay_id.to_owned(), &record);
        let committed = self.store.commit(txn)?;
        drop(changing);
        Ok(committed.wait_durable()?)
    }

    /// Takes a delayed event back.
    pub fn cancel_delayed_event(&self, delay_id: &str) -> Result<(), DelayError> {
        match self.end_delayed(delay_id, true, DelayedOutcome::Cancelled)? {
            Some(end) if matches!(end.outcome, DelayedOutcome::Sent(_)) => Err(conflict(&end)),
            _ => Ok(()),
        }
    }

    /// Sends a delayed event now. If that fails, it stays.
    pub fn send_delayed_event(&self, delay_id: &str) -> Result<(), DelayError> {
        match self.waiting(delay_id)? {
            Ok(record) => {
                let event_id = self.send_delayed(delay_id, &record)?;
                self.end_delayed(delay_id, true, DelayedOutcome::Sent(event_id.to_string()))?;
                Ok(())
            }
            Err(end) if matches!(end.outcome, DelayedOutcome::Sent(_)) => Ok(()),
            Err(end) => Err(conflict(&end)),
        }
    }

    /// A delayed event that has not ended, or how it ended.
    fn waiting(&self, delay_id: &str) -> Result<Result<DelayedRecord, DelayedEnd>, DelayError> {
        let record = DELAYED_EVENTS.get(self.store.engine(), &delay_id.to_owned())?;
        let mut record = record.ok_or(DelayError::NotFound)?;
        Ok(match record.end.take() {
            None => Ok(record),
            Some(end) => Err(end),
        })
    }

    /// Notes how a delayed event ended. Gives how it did before, if it did.
    pub(super) fn end_delayed(
        &self,
        delay_id: &str,
        asked: bool,
        outcome: DelayedOutcome,
    ) -> Result<Option<DelayedEnd>, DelayError> {
        let changing = self.delaying.changing.lock();
        let mut record = match self.waiting(delay_id)? {
            Ok(record) => record,
            Err(end) => return Ok(Some(end)),
        };
        let mut txn = self.store.begin();
        DELAYED_DUE.delete(&mut txn.batch, &(record.due_ms, delay_id.to_owned()));
        record.end = Some(DelayedEnd { at_ms: self.clock.now_ms(), asked, outcome });
        DELAYED_EVENTS.put(&mut txn.batch, &delay_id.to_owned(), &record);
        let committed = self.store.commit(txn)?;
        drop(changing);
        committed.wait_durable()?;
        Ok(None)
    }

    /// Sends the event in its user's name, as the user stands now.
    pub(super) fn send_delayed(
        &self,
        delay_id: &str,
        record: &DelayedRecord,
    ) -> Result<OwnedEventId, SendError> {
        let device = record.device.as_deref();
        let requester = self.accounts.later_requester(record.user, device)?;
        let requester =
            requester.ok_or_else(|| WriteError::Refused("the account can do nothing any more".to_owned()))?;
        let room_id = self.store.ids().room_id(record.room)?;
        let content = RawValue::from_string(record.content.clone())
            .map_err(|_| Error::Corrupt { table: "delayed_events", what: "content" })?;
        let id = format!("{TRANSACTION}{delay_id}");
        match &record.state_key {
            None => {
                let kind = record.kind.as_str().into();
                let message = NewMessage {
                    kind,
                    content,
                    transaction_id: Some(id),
                    timestamp_ms: None,
                    sticky_ms: record.sticky_ms,
                };
                self.send_message(&requester, &room_id, message)
            }
            Some(state_key) => {
                let kind = record.kind.as_str().into();
                let state = NewState { kind, state_key: state_key.clone(), content, timestamp_ms: None };
                let transaction = Transaction { device: record.device.clone().unwrap_or_default(), id };
                self.send_state_in(&requester, &room_id, state, Some(transaction))
            }
        }
    }
}

fn conflict(end: &DelayedEnd) -> DelayError {
    DelayError::Ended(match end.outcome {
        DelayedOutcome::Sent(_) => "sent",
        DelayedOutcome::Cancelled | DelayedOutcome::Failed { .. } => "cancelled",
    })
}

/// The delay id of an event that was sent late, and the transaction id of one that was not.
pub(crate) fn delay_or_transaction(transaction: &Transaction) -> Result<&str, &str> {
    transaction.id.strip_prefix(TRANSACTION).ok_or(&transaction.id)
}
