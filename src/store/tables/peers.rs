//! `peer_keys`, `peer_key_documents`, `peer_backoff`: what is known of other servers.

use serde::{Deserialize, Serialize};

use crate::{catalog::families, record, table::Table};

/// `(server, key id) → public key`: every key a server has ever been known to have.
pub static PEER_KEYS: Table<(String, String), PeerKeyRecord> = Table::new(families::PEER_KEYS);
/// `server → the newest document in which it has published its keys`.
pub static PEER_KEY_DOCUMENTS: Table<String, KeyDocumentRecord> = Table::new(families::PEER_KEY_DOCUMENTS);
/// `server → when it may be asked again`; only for servers that failed to answer.
pub static PEER_BACKOFF: Table<String, BackoffRecord> = Table::new(families::PEER_BACKOFF);

/// A public key of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerKeyRecord {
    /// The ed25519 key.
    pub key: [u8; 32],
    /// Until when what it signs is valid, in unix milliseconds: at most seven days from when it was last seen in use,
    /// or when the server stopped using it.
    pub valid_until_ms: u64,
    /// Whether the server has stopped using it.
    pub retired: bool,
}
record!(PeerKeyRecord, 1);

/// The keys of a server as it signed them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyDocumentRecord {
    /// The canonical JSON, with the server's own signatures.
    pub json: String,
    /// When it was fetched, in unix milliseconds.
    pub fetched_ms: u64,
    /// Until when it says it is valid, in unix milliseconds.
    pub valid_until_ms: u64,
}
record!(KeyDocumentRecord, 1);

/// A server that failed to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackoffRecord {
    /// Since when, in unix milliseconds.
    pub failing_since_ms: u64,
    /// How long it is left alone after the next failure, in milliseconds.
    pub interval_ms: u64,
    /// When it may be asked again, in unix milliseconds.
    pub retry_at_ms: u64,
}
record!(BackoffRecord, 1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    #[test]
    fn the_bytes_of_version_1_stay_readable() {
        let key = PeerKeyRecord { key: [7; 32], valid_until_ms: 300, retired: true };
        let golden = [&[1_u8][..], &[7; 32], &[0xac, 0x02, 1]].concat();
        assert_eq!(key.to_bytes(), golden);
        assert_eq!(PeerKeyRecord::decode(&golden), Some(key));

        let backoff = BackoffRecord { failing_since_ms: 1, interval_ms: 2, retry_at_ms: 3 };
        assert_eq!(backoff.to_bytes(), [1, 1, 2, 3]);
        assert_eq!(BackoffRecord::decode(&[1, 1, 2, 3]), Some(backoff));

        let document = KeyDocumentRecord { json: "{}".to_owned(), fetched_ms: 1, valid_until_ms: 2 };
        assert_eq!(document.to_bytes(), [1, 2, b'{', b'}', 1, 2]);
        assert_eq!(KeyDocumentRecord::decode(&[1, 2, b'{', b'}', 1, 2]), Some(document));
    }
}
