//! The room domain: every rule about rooms, and the only writer of their tables.
//!
//! Writing: `ingest.rs` is the one road every event takes, local or remote; `commit.rs` is the one place that writes
//! rows; verbs (`send`, `create`, `membership`, …) build events and put them on that road inside the room's lane.
//! Reading: visibility, timelines, relations, the directory.
//!
//! Deliberately absent: HTTP, and who is listening. Nobody is told of an event: whoever cares reads on by position.

use std::sync::Arc;

use kith_accounts::Accounts;
use kith_base::{Clock, Random, Tasks};
use kith_config::Config;
use kith_event::SigningKey;
use kith_peers::Peers;
use kith_store::Store;
use ruma::OwnedServerName;

// Writing.
mod acting;
pub mod aliases;
pub mod check;
mod commit;
pub mod countable;
pub mod create;
pub mod delayed;
mod drafting;
mod identity;
pub mod ingest;
mod invite_rules;
mod lane;
pub mod membership;
pub mod memberships;
pub mod notices;
pub mod outside;
pub mod partial_state;
mod parts;
pub mod pdus;
mod policy;
mod promote;
pub mod publication;
pub mod receive;
mod redact;
pub mod redact_user;
pub mod report;
pub mod resident;
mod resolution;
pub mod room;
pub mod room_state;
pub mod send;
pub mod server_acl;
pub mod shut_down;
mod state_before;
pub mod transactions;
pub mod upgrade;
pub mod visiting;
mod write_error;

// Reading.
mod aggregations;
pub mod directory;
mod files;
pub mod filter;
pub mod heroes;
pub mod hierarchy;
pub mod members;
pub mod mutual_rooms;
pub mod overview;
mod read_error;
pub mod readable_state;
mod reading;
pub mod relations;
pub mod render;
pub mod serve;
pub mod sticky;
pub mod summary;
pub mod thread_subscriptions;
pub mod threads;
pub mod timeline;
pub mod tokens;
pub mod viewer;
pub mod visibility;

pub use self::{
    parts::Parts, policy::Unsigned, read_error::ReadError, viewer::Viewer, write_error::WriteError,
};
pub use invite_rules::{InviteRule, InviteRules};
pub use visibility::{RoomView, Seen};

/// The room domain: one per server. Its verbs block on the disk, so they run on the blocking pool.
pub struct Rooms {
    pub(crate) store: Arc<Store>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) tasks: Tasks,
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) server_name: OwnedServerName,
    pub(crate) signing_key: Arc<SigningKey>,
    pub(crate) lanes: lane::Lanes,
    pub(crate) turns: visiting::Turns,
    pub(crate) pdus: pdus::PduCache,
    pub(crate) states: room_state::StateCaches,
    pub(crate) reading: reading::Reading,
    pub(crate) acls: server_acl::AclCache,
    pub(crate) receiving: receive::Receiving,
    pub(crate) signed_events: policy::SignedEvents,
    pub(crate) delaying: delayed::Delaying,
    pub(crate) resyncs: partial_state::Resyncs,
    pub(crate) finding_notices: notices::Finding,
    pub(crate) shut_downs: shut_down::ShutDowns,
    pub(crate) user_redactions: redact_user::UserRedactions,
}

/// How much of the memory budget holds events that are kept ready.
const PDU_CACHE_PERCENT: u64 = 9;
/// How much of the memory budget holds what is derived from room states.
const STATE_CACHE_PERCENT: u64 = 3;

impl Rooms {
    /// The domain over its parts.
    pub fn new(parts: Parts) -> Arc<Self> {
        let percent_bytes = parts.config.storage.memory_budget_bytes() as u64 / 100;
        Arc::new(Self {
            store: parts.store,
            accounts: parts.accounts,
            peers: parts.peers,
            tasks: parts.tasks,
            config: parts.config,
            clock: parts.clock,
            random: parts.random,
            server_name: parts.server_name,
            signing_key: parts.signing_key,
            lanes: lane::Lanes::default(),
            turns: visiting::Turns::default(),
            pdus: pdus::PduCache::new(percent_bytes * PDU_CACHE_PERCENT),
            states: room_state::StateCaches::new(percent_bytes * STATE_CACHE_PERCENT),
            reading: reading::Reading::default(),
            acls: server_acl::AclCache::default(),
            receiving: receive::Receiving::default(),
            signed_events: policy::SignedEvents::default(),
            delaying: delayed::Delaying::default(),
            resyncs: partial_state::Resyncs::default(),
            finding_notices: notices::Finding::default(),
            shut_downs: shut_down::ShutDowns::default(),
            user_redactions: redact_user::UserRedactions::default(),
        })
    }
}

#[cfg(test)]
mod proofs;
