//! What runs here.

mod get_server_version;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(get_server_version::handler)
}
