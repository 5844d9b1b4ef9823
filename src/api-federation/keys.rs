//! Keys of this server's devices and users.

mod claim_keys;
mod get_keys;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.federation_endpoint(claim_keys::handler).federation_endpoint(get_keys::handler)
}
