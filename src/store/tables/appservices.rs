//! `appservice_deliveries`: how far delivery to each application service has come.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{EventSid, Position, UserSid},
    table::Table,
};

/// `id of the service → how far it was delivered to`.
pub static APPSERVICE_DELIVERIES: Table<String, DeliveryRecord> = Table::new(families::APPSERVICE_DELIVERIES);

/// How far a service was delivered to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRecord {
    /// Everything up to here that concerns the service has been delivered.
    pub cursor: Position,
    /// Transaction ids up to this one may have been used.
    pub ids_used: u64,
    /// The transaction that may have been sent and was not acknowledged; it is the next one to be sent.
    pub pending: Option<PendingTransaction>,
}
record!(DeliveryRecord, 1);

/// A transaction that has to be sent again as it was, however often that takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingTransaction {
    /// Its id.
    pub id: u64,
    /// Once it is acknowledged, everything up to here has been delivered.
    pub until: Position,
    /// The events, in order.
    pub events: Vec<PendingEvent>,
    /// The other members of the body, as JSON, each behind a comma; empty if there are none.
    pub others: String,
    /// Messages to devices that are taken away once the service has them.
    pub to_device: Vec<(UserSid, String, Position)>,
}

/// An event of such a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PendingEvent {
    /// One that is stored.
    Stored(EventSid),
    /// One as the service gets it, because what came along with it is kept nowhere else.
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    #[test]
    fn golden_bytes() {
        let pending = PendingTransaction {
            id: 3,
            until: Position(9),
            events: vec![PendingEvent::Stored(EventSid(5)), PendingEvent::Text("{}".into())],
            others: String::new(),
            to_device: vec![(UserSid(1), "D".into(), Position(8))],
        };
        let record = DeliveryRecord { cursor: Position(7), ids_used: 10, pending: Some(pending) };
        let bytes = [1, 7, 10, 1, 3, 9, 2, 0, 5, 1, 2, b'{', b'}', 0, 1, 1, 1, b'D', 8];
        assert_eq!(record.to_bytes(), bytes);
        assert_eq!(DeliveryRecord::decode(&bytes), Some(record));
    }
}
