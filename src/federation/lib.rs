//! Delivering to other servers, and receiving what they deliver: transactions, cursors, catching up.
//!
//! [`Federation`] is the door. Behind it: `sender` delivers, `inbox` receives, `courier` is where sending waits for the
//! network.
//!
//! Deliberately absent: what an event means (`rooms`), how a server is reached (`peers`), and what becomes of EDUs
//! ([`EduHandler`], which is put together where everything is).

mod courier;
mod inbox;
mod sender;

use std::sync::Arc;

use kith_base::{Clock, Random, Tasks};
use kith_config::Config;
use kith_peers::Peers;
use kith_rooms::Rooms;
use kith_store::{Error, Store};

use courier::Courier;
use inbox::{ANSWER_WAIT, Inbox, InboxParts, RoomsIntake};
pub use inbox::{
    Answer, EduHandler, PresenceUpdate, ReceiptUpdate, Received, TransactionError, TypingUpdate,
};
use sender::{Sender, SenderParts};

/// What [`Federation`] is made of.
pub struct Parts {
    /// The store.
    pub store: Arc<Store>,
    /// The room domain.
    pub rooms: Arc<Rooms>,
    /// The other servers.
    pub peers: Arc<Peers>,
    /// The configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// Background tasks and the blocking pool.
    pub tasks: Tasks,
    /// Whom EDUs concern.
    pub edus: Arc<dyn EduHandler>,
}

/// Delivering to other servers, and receiving what they deliver.
pub struct Federation {
    sender: Arc<Sender>,
    inbox: Arc<Inbox>,
    peers: Arc<Peers>,
}

impl Federation {
    /// The service over its parts. Nothing is delivered before [`Self::start`].
    pub fn new(parts: Parts) -> Result<Arc<Self>, Error> {
        let Parts { store, rooms, peers, config, clock, random, tasks, edus } = parts;
        let inbox = Inbox::new(InboxParts {
            store: Arc::clone(&store),
            clock: clock.clone(),
            tasks: tasks.clone(),
            config: Arc::clone(&config),
            intake: Arc::new(RoomsIntake { rooms: Arc::clone(&rooms), tasks: tasks.clone() }),
            edus,
            answer_wait: ANSWER_WAIT,
        });
        let courier = Arc::clone(&peers) as Arc<dyn Courier>;
        let sender = Sender::new(SenderParts { store, rooms, config, clock, random, tasks, courier })?;
        Ok(Arc::new(Self { sender, inbox, peers }))
    }

    /// Delivers, and deals with what was delivered, until the server stops, unless the operator keeps this server to
    /// itself.
    pub fn start(&self) {
        if self.peers.is_enabled() {
            self.inbox.start();
            self.sender.start();
        }
    }

    /// Deals with a transaction of another server, once, and says what became of each of its events.
    pub async fn receive_transaction(&self, received: Received) -> Result<Answer, TransactionError> {
        self.inbox.receive(received).await
    }
}
