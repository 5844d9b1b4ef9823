//! What passes: typing notices, read receipts and presence.
//!
//! Typing and presence live in memory ([`kith_store::Live`]) and are lost with the process, as the specification
//! allows; receipts are rows, because unread counts stand on them. Whoever shows these things (`kith-sync`) reads the
//! rows; nothing here knows who is listening.

mod presence;
mod receipts;
mod remote;
#[cfg(test)]
mod tests;
mod typing;
mod user_order;

use std::sync::Arc;

use kith_base::{Clock, Tasks};
use kith_config::Config;
use kith_rooms::Rooms;
use kith_store::Store;

pub use presence::{Presence, PresenceError};
pub use receipts::{Receipt, ReceiptError};
pub use remote::{RemotePresence, RemoteReceipt};
pub use typing::TypingError;

/// Typing, receipts and presence of one server.
pub struct Ephemeral {
    store: Arc<Store>,
    rooms: Arc<Rooms>,
    clock: Clock,
    config: Arc<Config>,
    user_order: user_order::UserOrder,
}

impl Ephemeral {
    /// The service over a store.
    pub fn new(store: Arc<Store>, rooms: Arc<Rooms>, clock: Clock, config: Arc<Config>) -> Arc<Self> {
        Arc::new(Self { store, rooms, clock, config, user_order: user_order::UserOrder::default() })
    }

    /// Starts what ends things by itself: typing notices that run out, users who go away.
    pub fn start(self: &Arc<Self>, tasks: &Tasks) {
        let (ephemeral, stopping, blocking) = (Arc::clone(self), tasks.stopping(), tasks.clone());
        tasks.spawn("ephemeral expiry", async move {
            loop {
                tokio::select! {
                    () = stopping.cancelled() => return,
                    () = tokio::time::sleep(EXPIRY_INTERVAL) => {
                        let ephemeral = Arc::clone(&ephemeral);
                        let expire = move || {
                            ephemeral.expire_typing();
                            ephemeral.expire_presence();
                        };
                        blocking.blocking(expire).await;
                    }
                }
            }
        });
    }
}

/// How exactly the ends of typing notices and presence are kept.
const EXPIRY_INTERVAL: std::time::Duration = std::time::Duration::from_millis(500);
