//! Other servers, as far as keys are concerned: what is asked of them. A trait, so that this crate can be tested without
//! a network.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use kith_peers::{Patience, PeerError, Peers};
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

/// The status of a server that cannot be reached.
const UNAVAILABLE: u16 = 503;

impl From<PeerError> for Unanswered {
    fn from(error: PeerError) -> Self {
        let status = match &error {
            PeerError::Answer { status, .. } => *status,
            _ => UNAVAILABLE,
        };
        Self { reason: error.to_string(), status }
    }
}

impl Neighbours for Peers {
    fn query_keys(
        &self,
        server: OwnedServerName,
        users: BTreeMap<OwnedUserId, Vec<String>>,
        timeout_ms: u64,
    ) -> BoxFuture<'_, Result<federation::keys::get_keys::v1::Response, Unanswered>> {
        let users = users
            .into_iter()
            .map(|(user_id, devices)| (user_id, devices.into_iter().map(Into::into).collect()));
        let request = federation::keys::get_keys::v1::Request { device_keys: users.collect() };
        Box::pin(async move { Ok(self.ask_with(&server, request, Patience::of_ms(timeout_ms)).await?) })
    }

    fn claim_keys(
        &self,
        server: OwnedServerName,
        wanted: BTreeMap<OwnedUserId, BTreeMap<String, String>>,
        timeout_ms: u64,
    ) -> BoxFuture<'_, Result<federation::keys::claim_keys::v1::Response, Unanswered>> {
        let wanted = wanted.into_iter().map(|(user_id, devices)| {
            let devices = devices.into_iter();
            (user_id, devices.map(|(device, algorithm)| (device.into(), algorithm.into())).collect())
        });
        let request = federation::keys::claim_keys::v1::Request { one_time_keys: wanted.collect() };
        Box::pin(async move { Ok(self.ask_with(&server, request, Patience::of_ms(timeout_ms)).await?) })
    }

    fn user_devices(
        &self,
        user_id: OwnedUserId,
    ) -> BoxFuture<'_, Result<federation::device::get_devices::v1::Response, Unanswered>> {
        let server = user_id.server_name().to_owned();
        let request = federation::device::get_devices::v1::Request { user_id };
        Box::pin(async move { Ok(self.ask(&server, request).await?) })
    }
}
