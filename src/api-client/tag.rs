//! Tags of rooms.

mod create_tag;
mod delete_tag;
mod get_tags;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(create_tag::handler).endpoint(delete_tag::handler).endpoint(get_tags::handler)
}
