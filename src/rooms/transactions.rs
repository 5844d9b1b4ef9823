//! Transaction ids: a device that repeats a request gets the first answer again, also after a restart, because the row
//! is written with the event.
//! <https://spec.matrix.org/v1.19/client-server-api/#transaction-identifiers>

use kith_accounts::Requester;
use kith_store::{
    Direction, Error, EventSid, RoomSid, Txn, UserSid,
    key::Key,
    tables::{
        events::Transaction,
        transactions::{TRANSACTIONS, TransactionRecord},
    },
};

use crate::Rooms;

/// How long a repetition is recognised, in milliseconds: a week.
const REMEMBERED_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// How long a transaction id may be, in bytes; longer ones are as good as none.
const TRANSACTION_ID_BYTES_MAX: usize = 1_024;
/// How many rows one step of the sweep looks at.
const SWEEP_ROWS: usize = 1_000;

/// The place of one request among those that a device has made.
pub(crate) struct TransactionKey((UserSid, String, RoomSid, String, String));

impl TransactionKey {
    /// `endpoint` is what the path holds beside the room.
    pub(crate) fn new(requester: &Requester, room: RoomSid, endpoint: String, id: &str) -> Option<Self> {
        let device = requester.device_id.as_ref().map(|device| device.to_string()).unwrap_or_default();
        (id.len() <= TRANSACTION_ID_BYTES_MAX)
            .then(|| Self((requester.user, device, room, endpoint, id.to_owned())))
    }

    /// What the event remembers of it.
    pub(crate) fn transaction(&self) -> Transaction {
        Transaction { device: self.0.1.clone(), id: self.0.4.clone() }
    }

    /// The event that came of the request, if it was made before.
    pub(crate) fn find(&self, rooms: &Rooms) -> Result<Option<EventSid>, Error> {
        Ok(TRANSACTIONS.get(rooms.store.engine(), &self.0)?.map(|record| record.event))
    }

    pub(crate) fn remember(&self, txn: &mut Txn, event: EventSid, at_ms: u64) {
        TRANSACTIONS.put(&mut txn.batch, &self.0, &TransactionRecord { event, at_ms });
    }
}

/// Where a sweep of old transactions goes on.
#[derive(Clone, Debug, Default)]
pub struct TransactionSweep(Vec<u8>);

impl Rooms {
    /// Forgets transactions that nobody repeats any more; gives where to go on, or nothing at the end.
    pub fn sweep_transactions(&self, from: &TransactionSweep) -> Result<Option<TransactionSweep>, Error> {
        let old_ms = self.clock.now_ms().saturating_sub(REMEMBERED_MS);
        let mut txn = self.store.begin();
        let mut last = None;
        let start = RawStart(from.0.clone());
        let rows = TRANSACTIONS.range(self.store.engine(), &start, &RawStart(vec![0xff]), Direction::Forward);
        for row in rows.take(SWEEP_ROWS) {
            let (key, record) = row?;
            if record.at_ms < old_ms {
                TRANSACTIONS.delete(&mut txn.batch, &key);
            }
            let mut behind = key.to_bytes();
            behind.push(0);
            last = Some(TransactionSweep(behind));
        }
        self.store.commit_durably(txn)?;
        Ok(last)
    }
}

/// The bytes of a key to start from.
struct RawStart(Vec<u8>);

impl Key for RawStart {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self(std::mem::take(bytes).to_vec()))
    }
}
