//! Spaces.

mod get_hierarchy;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.federation_endpoint(get_hierarchy::handler)
}
