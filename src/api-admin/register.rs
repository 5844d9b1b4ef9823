//! Registration by programs that know the shared secret.

mod create_nonce;
mod register_with_shared_secret;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(create_nonce::handler).endpoint(register_with_shared_secret::handler)
}
