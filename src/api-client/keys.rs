//! The public keys of devices and users.

mod claim_keys;
mod get_key_changes;
mod get_keys;
mod upload_keys;
mod upload_signatures;
mod upload_signing_keys;

use std::collections::BTreeMap;

use kith_api_common::Router;
use ruma::OwnedServerName;
use serde::Serialize;
use serde_json::Value;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint_async(claim_keys::handler)
        .endpoint(get_key_changes::handler)
        .endpoint_async(get_keys::handler)
        .endpoint(upload_keys::handler)
        .endpoint_async(upload_signatures::handler)
        .endpoint_async(upload_signing_keys::handler)
}

/// Keys for a client, who is told of no failures too. Other servers are told of none.
#[derive(Debug, Serialize)]
pub(crate) struct WithFailures<T> {
    failures: BTreeMap<OwnedServerName, Value>,
    #[serde(flatten)]
    keys: T,
}
