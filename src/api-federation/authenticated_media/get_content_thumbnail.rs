//! `GET /_matrix/federation/v1/media/thumbnail/{mediaId}` — a thumbnail of a file of this server's users.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediathumbnailmediaid>

use axum::response::Response;
use kith_api_common::{ApiError, PeerCall};
use kith_media::Wish;
use ruma::api::federation::authenticated_media::get_content_thumbnail::v1::Request;

use super::parts;

pub(crate) async fn handler(call: PeerCall, request: Request) -> Result<Response, ApiError> {
    let wish = Wish::new(request.width, request.height, request.method.as_ref(), request.animated)
        .ok_or_else(|| ApiError::invalid_param("A thumbnail has at least one pixel"))?;
    let media = &call.app.media;
    let file = media.find_for_peer(&request.media_id, request.timeout_ms).await?;
    let thumbnail = media.thumbnail(&file, wish).await?;
    parts::thumbnail(&call, thumbnail).await
}
