//! A transaction on its way: what is sent, and what has to be done once it is acknowledged.

use kith_event::Pdu;
use kith_rooms::Rooms;
use kith_store::{Error, Position, tables::destinations::Transaction};
use ruma::ServerName;
use serde::Serialize;
use serde_json::value::RawValue;

/// A transaction on its way.
#[derive(Debug)]
pub(super) struct Package {
    /// What has to be sent again if this fails: without what passes.
    pub(super) transaction: Transaction,
    /// The EDUs that are not sent again: typing and presence.
    passing: Vec<String>,
    /// It was read from the server's row.
    pub(super) is_again: bool,
}

/// A package with its body, ready to go.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) package: Package,
    /// The body of the request.
    pub(super) body: String,
}

#[derive(Serialize)]
struct Body<'a> {
    origin: &'a ServerName,
    origin_server_ts: u64,
    pdus: Vec<&'a RawValue>,
    edus: Vec<&'a RawValue>,
}

impl Package {
    /// A new transaction, and what passes.
    pub(super) fn new(transaction: Transaction, passing: Vec<String>) -> Self {
        Self { transaction, passing, is_again: false }
    }

    /// One that was not acknowledged the last time.
    pub(super) fn again(transaction: Transaction) -> Self {
        Self { transaction, passing: Vec::new(), is_again: true }
    }

    /// How many things are in it.
    pub(super) fn len(&self) -> usize {
        self.transaction.events.len() + self.transaction.edus.len() + self.passing.len()
    }

    /// Whether a failure leaves something to be sent again.
    pub(super) fn is_lasting(&self) -> bool {
        !self.transaction.events.is_empty() || !self.transaction.edus.is_empty()
    }

    /// Once it is acknowledged, everything up to here has been delivered.
    pub(super) fn until(&self) -> Position {
        self.transaction.until
    }

    /// The package with its body.
    pub(super) fn ready(self, rooms: &Rooms, now_ms: u64) -> Result<Ready, Error> {
        let mut pdus: Vec<Pdu> = Vec::with_capacity(self.transaction.events.len());
        for event in &self.transaction.events {
            match rooms.find_pdu(*event) {
                // An event that was purged meanwhile is not missed.
                Ok(found) => pdus.extend(found),
                // Damage to one event costs that event.
                Err(error @ (Error::Corrupt { .. } | Error::Missing { .. })) => {
                    tracing::error!(%error, "an event is not sent to another server");
                }
                Err(error) => return Err(error),
            }
        }
        let edus = self.transaction.edus.iter().chain(&self.passing);
        let body = Body {
            origin: rooms.server_name(),
            origin_server_ts: now_ms,
            pdus: pdus.iter().filter_map(|pdu| raw(pdu.json())).collect(),
            edus: edus.filter_map(|edu| raw(edu)).collect(),
        };
        let body = serde_json::to_string(&body).expect("names, numbers and JSON texts can be written");
        Ok(Ready { package: self, body })
    }
}

fn raw(text: &str) -> Option<&RawValue> {
    serde_json::from_str(text).ok()
}
