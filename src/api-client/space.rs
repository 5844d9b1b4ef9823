//! Spaces.

mod get_hierarchy;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint_async(get_hierarchy::handler)
}
