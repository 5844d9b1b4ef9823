//! Whom the EDUs of other servers concern, answered by the crates beside the one that receives them.

use kith_e2ee::E2ee;
use kith_ephemeral::{Ephemeral, RemotePresence, RemoteReceipt};
use kith_federation::{EduHandler, PresenceUpdate, ReceiptUpdate, TypingUpdate};
use kith_store::Error;
use ruma::ServerName;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The crates that EDUs are for.
pub(crate) struct Edus {
    pub(crate) ephemeral: Arc<Ephemeral>,
    pub(crate) e2ee: Arc<E2ee>,
}

impl EduHandler for Edus {
    fn typing(&self, update: TypingUpdate) -> Result<(), Error> {
        self.ephemeral.receive_typing(&update.room_id, &update.user_id, update.typing)
    }

    fn receipts(&self, updates: Vec<ReceiptUpdate>) -> Result<(), Error> {
        let receipts = updates.into_iter().map(|update| RemoteReceipt {
            room_id: update.room_id,
            user_id: update.user_id,
            event_ids: update.event_ids,
            thread_id: update.thread_id,
            at_ms: update.at_ms,
        });
        self.ephemeral.receive_receipts(&receipts.collect::<Vec<_>>())
    }

    fn presence(&self, updates: Vec<PresenceUpdate>) -> Result<(), Error> {
        let presence = updates.into_iter().map(|update| RemotePresence {
            user_id: update.user_id,
            state: update.state,
            status: update.status,
            last_active_ago_ms: update.last_active_ago_ms,
            currently_active: update.currently_active,
        });
        self.ephemeral.receive_presence(presence.collect())
    }

    fn direct_to_device(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error> {
        self.e2ee.receive_direct_to_device(origin, content)
    }

    fn device_list_update(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error> {
        self.e2ee.receive_device_list_update(origin, content)
    }

    fn signing_key_update(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error> {
        self.e2ee.receive_signing_key_update(origin, content)
    }
}
