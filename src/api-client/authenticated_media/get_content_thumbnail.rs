//! `GET /_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}` — a thumbnail.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediathumbnailservernamemediaid>

use axum::response::Response;
use kith_api_common::{ApiError, Call, Unread};
use ruma::api::client::authenticated_media::get_content_thumbnail::v1::Request;

use crate::content;

pub(crate) async fn handler(call: Call, request: Request, unread: Unread) -> Result<Response, ApiError> {
    let wish = content::wish(request.width, request.height, request.method.as_ref(), request.animated)?;
    let media = &call.app.media;
    let search = content::authenticated(request.timeout_ms);
    let file = media.find(&request.server_name, &request.media_id, search).await?;
    let thumbnail = media.thumbnail(&file, wish).await?;
    content::thumbnail(&call, &unread.headers, thumbnail).await
}
