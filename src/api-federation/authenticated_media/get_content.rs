//! `GET /_matrix/federation/v1/media/download/{mediaId}` — a file of this server's users.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediadownloadmediaid>

use axum::response::Response;
use kith_api_common::{ApiError, PeerCall};
use ruma::api::federation::authenticated_media::get_content::v1::Request;

use super::parts;

pub(crate) async fn handler(call: PeerCall, request: Request) -> Result<Response, ApiError> {
    let file = call.app.media.find_for_peer(&request.media_id, request.timeout_ms).await?;
    parts::file(&call, &file).await
}
