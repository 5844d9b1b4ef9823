//! Whom the EDUs of other servers concern, answered by the crates beside the one that receives them.

use kith_ephemeral::{Ephemeral, RemotePresence, RemoteReceipt};
use kith_federation::{EduHandler, PresenceUpdate, ReceiptUpdate, TypingUpdate};
use kith_store::Error;
use ruma::ServerName;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The crates that EDUs are for.
pub(crate) struct Edus {
    pub(crate) ephemeral: Arc<Ephemeral>,
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

    // This server's users have no keys yet, so nobody can have encrypted for them, and no device list is kept.

    fn direct_to_device(&self, _: &ServerName, _: &RawValue) -> Result<(), Error> {
        Ok(())
    }

    fn device_list_update(&self, _: &ServerName, _: &RawValue) -> Result<(), Error> {
        Ok(())
    }

    fn signing_key_update(&self, _: &ServerName, _: &RawValue) -> Result<(), Error> {
        Ok(())
    }
}
