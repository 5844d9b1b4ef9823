//! Finding people.

mod search_users;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint_async(search_users::handler)
}
