//! The fully-read marker.

mod set_read_marker;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(set_read_marker::handler)
}
