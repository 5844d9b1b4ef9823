//! `PUT /_matrix/media/v3/upload/{serverName}/{mediaId}` — uploads a file that was announced.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixmediav3uploadservernamemediaid>

use axum::response::Response as HttpResponse;
use kith_api_common::{ApiError, Call, Limit, Unread, router::into_http};
use ruma::api::client::media::create_content_async::v3::{Request, Response};

use crate::content;

pub(crate) async fn handler(call: Call, request: Request, unread: Unread) -> Result<HttpResponse, ApiError> {
    let requester = call.full_user()?;
    call.limit(Limit::Media)?;
    let Request { server_name, media_id, content_type, filename, .. } = request;
    let (description, body) = content::upload(filename, content_type, unread);
    let media = &call.app.media;
    media.upload_announced(requester, &server_name, &media_id, description, body).await?;
    into_http(Response {})
}
