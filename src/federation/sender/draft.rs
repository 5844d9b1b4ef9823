//! Making a transaction of what is queued: as much as fits, in the order in which it happened.
//! <https://spec.matrix.org/v1.19/server-server-api/#transactions>

use std::collections::BTreeSet;

use kith_store::{
    Error, Read, ServerSid,
    tables::{destinations::Transaction, outbox::OUTBOX},
};

use super::{
    Sender,
    edus::{self, Receipts},
    package::Package,
    queue::{Item, Passing, Queued},
};

/// How many events a transaction may have.
pub(super) const EVENTS_MAX: usize = 50;
/// How many EDUs a transaction may have.
pub(super) const EDUS_MAX: usize = 100;
/// From this size on, in bytes, nothing is added to a transaction: not every server takes large requests.
const BYTES_ENOUGH: usize = 1 << 20;
/// How many users' presence goes into one EDU.
const PRESENCE_USERS_MAX: usize = 100;
/// How many characters of chance a transaction's id has.
const ID_CHARACTERS: usize = 12;

/// A transaction in the making.
#[derive(Debug, Default)]
struct Draft {
    transaction: Transaction,
    receipts: Vec<Receipts>,
    bytes: usize,
}

impl Sender {
    /// A transaction of the first of these things, which are queued for a server; [`Package::until`] says how far it
    /// reaches. It is empty if they have all become pointless.
    pub(super) fn draft(
        &self,
        server: ServerSid,
        queued: &[Queued],
        passing: &Passing,
    ) -> Result<Package, Error> {
        let view = self.store.read();
        let read: &dyn Read = &*view;
        let mut draft = Draft::default();
        for queued in queued {
            if draft.bytes >= BYTES_ENOUGH || !self.add(read, server, *queued, &mut draft)? {
                break;
            }
            draft.transaction.until = queued.position;
        }
        let mut transaction = draft.transaction;
        transaction.edus.extend(draft.receipts.iter().map(|receipts| edus::edu("m.receipt", receipts)));
        transaction.id = format!("{}-{}", self.clock.now_ms(), self.random.alphanumeric(ID_CHARACTERS));
        let room = EDUS_MAX.saturating_sub(transaction.edus.len());
        Ok(Package::new(transaction, self.passing_edus(passing, room)?))
    }

    /// Adds one thing. False if it does not fit.
    fn add(
        &self,
        read: &dyn Read,
        server: ServerSid,
        Queued { position, item }: Queued,
        draft: &mut Draft,
    ) -> Result<bool, Error> {
        let transaction = &mut draft.transaction;
        let edus = transaction.edus.len() + draft.receipts.len();
        match item {
            Item::Event(event) | Item::Owed(event) => {
                if transaction.events.len() == EVENTS_MAX {
                    return Ok(false);
                }
                let Some(pdu) = self.rooms.find_pdu(event)? else { return Ok(true) };
                draft.bytes += pdu.json().len();
                transaction.events.push(event);
                transaction.owed.extend(matches!(item, Item::Owed(_)).then_some(position));
            }
            Item::Outbox => {
                if edus >= EDUS_MAX {
                    return Ok(false);
                }
                let Some(row) = OUTBOX.get(read, &(server, position))? else { return Ok(true) };
                // What is no JSON is not sent, and is as good as delivered.
                transaction.outbox.push(position);
                if let Some(edu) = edus::edu_of_text(&row.edu_type, &row.content) {
                    draft.bytes += edu.len();
                    transaction.edus.push(edu);
                }
            }
            Item::Receipt(room) => {
                let receipts_max = EDUS_MAX.saturating_sub(transaction.edus.len());
                return self.add_receipt(read, room, position, &mut draft.receipts, receipts_max);
            }
        }
        Ok(true)
    }

    /// The EDUs about what passes, as many as there is room for; the rest is let go, as it soon changes again.
    fn passing_edus(&self, passing: &Passing, room: usize) -> Result<Vec<String>, Error> {
        let mut edus = Vec::new();
        let presence: Vec<_> = passing.presence.iter().copied().collect();
        for users in presence.chunks(PRESENCE_USERS_MAX) {
            edus.extend(self.presence_edu(&BTreeSet::from_iter(users.iter().copied()))?);
        }
        for (room, user) in &passing.typing {
            edus.push(self.typing_edu(*room, *user)?);
        }
        edus.truncate(room);
        Ok(edus)
    }
}

/// How many queued things can end up in one transaction at most.
pub(super) const QUEUED_MAX: usize = EVENTS_MAX + EDUS_MAX;
