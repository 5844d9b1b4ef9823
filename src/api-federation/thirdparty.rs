//! Invites to addresses.

mod bind_callback;
mod exchange_invite;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.federation_endpoint_async(exchange_invite::handler).endpoint_async(bind_callback::handler)
}
