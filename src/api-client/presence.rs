//! Presence.

mod get_presence;
mod set_presence;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(get_presence::handler).endpoint(set_presence::handler)
}
