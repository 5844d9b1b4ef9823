//! Media for those who are logged in.

mod get_content;
mod get_content_as_filename;
mod get_content_thumbnail;
mod get_media_config;
mod get_media_preview;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint_streaming(get_content::handler)
        .endpoint_streaming(get_content_as_filename::handler)
        .endpoint_streaming(get_content_thumbnail::handler)
        .endpoint(get_media_config::handler)
        .endpoint_async(get_media_preview::handler)
}
