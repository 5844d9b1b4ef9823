//! The public keys of devices and users.

mod claim_keys;
mod get_key_changes;
mod get_keys;
mod upload_keys;
mod upload_signatures;
mod upload_signing_keys;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint_async(claim_keys::handler)
        .endpoint(get_key_changes::handler)
        .endpoint_async(get_keys::handler)
        .endpoint(upload_keys::handler)
        .endpoint_async(upload_signatures::handler)
        .endpoint_async(upload_signing_keys::handler)
}
