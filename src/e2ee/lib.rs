//! What end-to-end encryption needs of a server: keys of devices and users, messages to devices, backups of room keys,
//! and devices without a client.
//!
//! Everything here serves to get the right public keys into the right hands: one-time keys once, lists of devices whole
//! and fresh, signatures only to those they are meant for. What is one user's is written in that user's lane
//! (`Accounts::lane`); no lane is held while another server is asked.
//!
//! Deliberately absent: any secret. What is kept here is public or encrypted by clients. Absent too: HTTP, and what
//! `/sync` tells of all this, which `kith-sync` reads from the same rows.
//! <https://spec.matrix.org/v1.19/client-server-api/#end-to-end-encryption>

mod announce;
mod backups;
mod claim;
mod cross_signing;
mod dehydrated;
mod direct;
mod introduce;
mod jobs;
mod local_keys;
mod neighbours;
mod query;
mod remote_lists;
mod resync;
mod sharing;
mod signatures;
mod signed_object;
mod updates;
mod upload;

use std::sync::Arc;

use kith_accounts::Accounts;
use kith_base::{Clock, Random, Tasks};
use kith_config::Config;
use kith_store::{Read, ServerSid, Store};
use ruma::OwnedServerName;
use tokio::sync::Notify;

pub use backups::{Backup, BackupError, BackupState, BackupUpdate, Sessions};
pub use claim::{ClaimedKeys, KeysWanted};
pub use cross_signing::{CrossSigningError, CrossSigningKeys};
pub use dehydrated::{DehydratedDevice, DehydratedError, DehydratedEvents, NewDehydratedDevice};
pub use direct::{DirectMessages, ToDeviceError};
pub use local_keys::UserDevices;
pub use neighbours::{Neighbours, Unanswered};
pub use query::{DevicesWanted, QueriedKeys};
pub use signatures::{SignatureFailures, SignedKeys};
pub use upload::{KeyError, KeyUpload};

/// Keys, messages to devices and backups: one per server.
pub struct E2ee {
    store: Arc<Store>,
    accounts: Arc<Accounts>,
    neighbours: Arc<dyn Neighbours>,
    clock: Clock,
    random: Random,
    tasks: Tasks,
    config: Arc<Config>,
    server_name: OwnedServerName,
    replacing: cross_signing::Replacing,
    /// Wakes the worker that asks for stale device lists again.
    stale: Notify,
}

/// What [`E2ee::new`] is made of.
pub struct Parts {
    /// The store.
    pub store: Arc<Store>,
    /// Users and devices.
    pub accounts: Arc<Accounts>,
    /// Other servers.
    pub neighbours: Arc<dyn Neighbours>,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// Background tasks, the blocking pool, shutdown.
    pub tasks: Tasks,
    /// What the operator wants.
    pub config: Arc<Config>,
}

impl E2ee {
    /// The service over its parts. Nothing runs in the background before [`Self::start`].
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            server_name: parts.accounts.server_name().to_owned(),
            store: parts.store,
            accounts: parts.accounts,
            neighbours: parts.neighbours,
            clock: parts.clock,
            random: parts.random,
            tasks: parts.tasks,
            config: parts.config,
            replacing: cross_signing::Replacing::default(),
            stale: Notify::new(),
        })
    }

    fn read(&self) -> &dyn Read {
        self.store.engine()
    }

    fn own_server(&self) -> Result<ServerSid, kith_store::Error> {
        self.store.ids().server(&self.server_name)
    }
}
