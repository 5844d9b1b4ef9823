//! Files of this server's users, for other servers.

mod get_content;
mod get_content_thumbnail;
mod parts;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .federation_endpoint_raw(get_content::handler)
        .federation_endpoint_raw(get_content_thumbnail::handler)
}
