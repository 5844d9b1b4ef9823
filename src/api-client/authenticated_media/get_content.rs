//! `GET /_matrix/client/v1/media/download/{serverName}/{mediaId}` — a file.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediadownloadservernamemediaid>

use axum::response::Response;
use kith_api_common::{ApiError, Call, Unread};
use ruma::api::client::authenticated_media::get_content::v1::Request;

use crate::content;

pub(crate) async fn handler(call: Call, request: Request, unread: Unread) -> Result<Response, ApiError> {
    let search = content::authenticated(request.timeout_ms);
    let file = call.app.media.find(&request.server_name, &request.media_id, search).await?;
    content::file(&call, &unread.headers, &file).await
}
