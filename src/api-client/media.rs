//! Media: uploads, and the older endpoints for everybody, which serve what came before the freeze.

mod create_content;
mod create_content_async;
mod create_mxc_uri;
mod get_content;
mod get_content_as_filename;
mod get_content_thumbnail;
mod get_media_config;
mod get_media_preview;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    // Clients of old ask under v1, which ruma does not know.
    let file = "/_matrix/media/v1/download/{server_name}/{media_id}";
    let named = "/_matrix/media/v1/download/{server_name}/{media_id}/{filename}";
    let thumbnail = "/_matrix/media/v1/thumbnail/{server_name}/{media_id}";
    router
        .endpoint_streaming(create_content::handler)
        .endpoint_streaming_at(&["/_matrix/media/v1/upload"], create_content::handler)
        .endpoint_streaming(create_content_async::handler)
        .endpoint(create_mxc_uri::handler)
        .endpoint_streaming(get_content::handler)
        .endpoint_streaming_at(&[file], get_content::handler)
        .endpoint_streaming(get_content_as_filename::handler)
        .endpoint_streaming_at(&[named], get_content_as_filename::handler)
        .endpoint_streaming(get_content_thumbnail::handler)
        .endpoint_streaming_at(&[thumbnail], get_content_thumbnail::handler)
        .endpoint(get_media_config::handler)
        .endpoint_at(&["/_matrix/media/v1/config"], get_media_config::handler)
        .endpoint_async(get_media_preview::handler)
}
