//! Other servers, as far as keys are concerned: what is asked of them. Who asks is wired in from above, so that this
//! crate can be tested without a network.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use ruma::{OwnedServerName, OwnedUserId, api::federation};

/// What other servers are asked.
pub trait Neighbours: Send + Sync {
    /// The devices and keys of users of one server, of one moment.
    fn query_keys(
        &self,
        server: OwnedServerName,
        users: BTreeMap<OwnedUserId, Vec<String>>,
        timeout_ms: u64,
    ) -> BoxFuture<'_, Result<federation::keys::get_keys::v1::Response, Unanswered>>;

    /// One-time keys of devices of one server.
    fn claim_keys(
        &self,
        server: OwnedServerName,
        wanted: BTreeMap<OwnedUserId, BTreeMap<String, String>>,
        timeout_ms: u64,
    ) -> BoxFuture<'_, Result<federation::keys::claim_keys::v1::Response, Unanswered>>;

    /// The devices and keys of one user, with the number of the last change they include.
    fn user_devices(
        &self,
        user_id: OwnedUserId,
    ) -> BoxFuture<'_, Result<federation::device::get_devices::v1::Response, Unanswered>>;
}

/// A server did not answer, or said no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unanswered {
    /// Why, for whoever asked.
    pub reason: String,
    /// The status that says so best.
    pub status: u16,
}
