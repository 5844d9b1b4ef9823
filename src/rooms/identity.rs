//! Who this server is.

use std::sync::Arc;

use kith_event::SigningKey;
use ruma::{OwnedServerName, UserId};

use crate::Rooms;

impl Rooms {
    /// This server's name.
    pub fn server_name(&self) -> &OwnedServerName {
        &self.server_name
    }

    /// The key that signs this server's events.
    pub fn signing_key(&self) -> &Arc<SigningKey> {
        &self.signing_key
    }

    /// Whether a user belongs to this server.
    pub fn is_local(&self, user: &UserId) -> bool {
        user.server_name() == &*self.server_name
    }
}
