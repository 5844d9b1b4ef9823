//! What transactions were answered, on disk: the newest few of each server.

use kith_store::{
    Direction, Error, ServerSid,
    tables::destinations::{RECEIVED_TRANSACTIONS, ReceivedTransaction, STAGED_TRANSACTIONS},
};
use ruma::EventId;

use super::{Answer, Inbox};

/// How many answers are kept for each server. One would do for a server that keeps to the specification.
pub(super) const ANSWERS_MAX: u8 = 8;
/// How much of the reason why an event was not taken in is kept, in bytes.
const REASON_BYTES_MAX: usize = 500;

impl Inbox {
    /// What a transaction was answered, if it came before.
    pub(super) fn find_answer(&self, server: ServerSid, id: &str) -> Result<Option<Answer>, Error> {
        for row in RECEIVED_TRANSACTIONS.scan(self.store.engine(), &server, Direction::Forward) {
            let (_, transaction) = row?;
            if transaction.id == id {
                return Ok(Some(read(transaction)));
            }
        }
        Ok(None)
    }

    /// Keeps an answer, in the place of the oldest one once all places are taken; the transaction is dealt with.
    pub(super) fn keep_answer(&self, server: ServerSid, id: &str, answer: &Answer) -> Result<(), Error> {
        let mut taken = [None; ANSWERS_MAX as usize];
        for row in RECEIVED_TRANSACTIONS.scan(self.store.engine(), &server, Direction::Forward) {
            let ((_, slot), transaction) = row?;
            if let Some(place) = taken.get_mut(usize::from(slot)) {
                *place = Some(transaction.at_ms);
            }
        }
        // Nothing comes before something, so free places come first.
        let slot = (0..ANSWERS_MAX).min_by_key(|slot| taken[usize::from(*slot)]).unwrap_or_default();
        let events = answer.iter().map(|(event_id, outcome)| {
            (event_id.to_string(), outcome.as_ref().err().map(|reason| cut(reason).to_owned()))
        });
        let transaction =
            ReceivedTransaction { id: id.to_owned(), at_ms: self.clock.now_ms(), events: events.collect() };
        let mut txn = self.store.begin();
        RECEIVED_TRANSACTIONS.put(&mut txn.batch, &(server, slot), &transaction);
        STAGED_TRANSACTIONS.delete(&mut txn.batch, &(server, id.to_owned()));
        self.store.commit_durably(txn)
    }
}

fn read(transaction: ReceivedTransaction) -> Answer {
    let events = transaction.events.into_iter().filter_map(|(event_id, reason)| {
        let event_id = EventId::parse(event_id).ok()?;
        Some((event_id, reason.map_or(Ok(()), Err)))
    });
    events.collect()
}

fn cut(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)]
}
