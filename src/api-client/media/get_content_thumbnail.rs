//! `GET /_matrix/media/v3/thumbnail/{serverName}/{mediaId}` — a thumbnail of a file from before the freeze.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixmediav3thumbnailservernamemediaid>

#![expect(deprecated, reason = "clients and servers of old still ask here")]

use axum::response::Response;
use kith_api_common::{ApiError, Call, Unread};
use ruma::api::client::media::get_content_thumbnail::v3::Request;

use crate::content;

pub(crate) async fn handler(call: Call, request: Request, unread: Unread) -> Result<Response, ApiError> {
    let wish = content::wish(request.width, request.height, request.method.as_ref(), request.animated)?;
    let search = content::anonymous(request.allow_remote, request.timeout_ms);
    let media = &call.app.media;
    let file = media.find(&request.server_name, &request.media_id, search).await?;
    let thumbnail = media.thumbnail(&file, wish).await?;
    content::thumbnail(&call, &unread.headers, thumbnail).await
}
