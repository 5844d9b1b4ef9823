//! What the room domain stands on.

use std::sync::Arc;

use kith_accounts::Accounts;
use kith_base::{Clock, Random, Tasks};
use kith_config::Config;
use kith_event::SigningKey;
use kith_peers::Peers;
use kith_store::Store;
use ruma::OwnedServerName;

/// What [`crate::Rooms::new`] is made of.
pub struct Parts {
    /// The store.
    pub store: Arc<Store>,
    /// The accounts of this server's users.
    pub accounts: Arc<Accounts>,
    /// Other servers.
    pub peers: Arc<Peers>,
    /// The blocking pool, and tasks that go on without whoever began them.
    pub tasks: Tasks,
    /// What the operator chose.
    pub config: Arc<Config>,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// This server's name.
    pub server_name: OwnedServerName,
    /// The key that signs this server's events.
    pub signing_key: Arc<SigningKey>,
}
