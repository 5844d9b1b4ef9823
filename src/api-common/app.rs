//! Everything a handler can reach.

use std::sync::Arc;

use kith_accounts::Accounts;
use kith_appservice::Bridges;
use kith_base::{Clock, Mailer, Outgoing, Random, Tasks};
use kith_config::Config;
use kith_e2ee::E2ee;
use kith_ephemeral::Ephemeral;
use kith_federation::Federation;
use kith_media::Media;
use kith_peers::Peers;
use kith_push::Push;
use kith_rooms::Rooms;
use kith_search::Search;
use kith_sso::Sso;
use kith_store::Store;
use kith_sync::Sync;

use crate::{PeerTurns, RateLimiter};

/// The services of one running server, wired once by `kith-server`.
pub struct App {
    /// The configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// Background tasks, the blocking pool, shutdown.
    pub tasks: Tasks,
    /// Requests this server makes itself.
    pub outgoing: Outgoing,
    /// Mails this server sends, if it can.
    pub mailer: Option<Mailer>,
    /// The store, for health and metrics; endpoints call verbs instead.
    pub store: Arc<Store>,
    /// Other servers.
    pub peers: Arc<Peers>,
    /// Delivering to other servers, and receiving what they deliver.
    pub federation: Arc<Federation>,
    /// Users, devices, tokens.
    pub accounts: Arc<Accounts>,
    /// Logging in elsewhere.
    pub sso: Arc<Sso>,
    /// The room domain.
    pub rooms: Arc<Rooms>,
    /// Application services.
    pub bridges: Arc<Bridges>,
    /// `/sync`.
    pub sync: Arc<Sync>,
    /// Keys, messages to devices, backups of keys.
    pub e2ee: Arc<E2ee>,
    /// Typing, receipts, presence.
    pub ephemeral: Arc<Ephemeral>,
    /// Push rules and unread counts.
    pub push: Arc<Push>,
    /// Finding messages and people.
    pub search: Arc<Search>,
    /// Files and previews.
    pub media: Arc<Media>,
    /// Who did what how often.
    pub rate_limiter: RateLimiter,
    /// Whose turn it is among other servers.
    pub peer_turns: PeerTurns,
}
