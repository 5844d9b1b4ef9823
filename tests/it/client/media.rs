//! Uploads, and the older endpoints for everybody.

mod create_content;
mod create_content_async;
mod create_mxc_uri;
mod get_content;
mod get_content_as_filename;
mod get_content_thumbnail;
mod get_media_config;
mod get_media_preview;

/// Everything there is so far came before the freeze.
const ALL_IS_OLD: &str = "[media]\nlegacy_media_before_ms = 99999999999999\n";

/// The path of a file for everybody: `kind` is `download` or `thumbnail`.
fn path(kind: &str, uri: &str) -> String {
    format!("/_matrix/media/v3/{kind}/{}", uri.strip_prefix("mxc://").unwrap())
}
