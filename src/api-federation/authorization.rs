//! What events rest on.

mod get_event_authorization;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.federation_endpoint(get_event_authorization::handler)
}
