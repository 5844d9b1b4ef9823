//! Stored filters.

mod create_filter;
mod get_filter;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(create_filter::handler).endpoint(get_filter::handler)
}
