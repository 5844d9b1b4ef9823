//! Who uses how much of this server.

mod list_user_media;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(list_user_media::handler)
}
