//! `POST /_matrix/media/v3/upload` — uploads a file.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixmediav3upload>

use axum::response::Response as HttpResponse;
use kith_api_common::{ApiError, Call, Limit, Unread, router::into_http};
use ruma::api::client::media::create_content::v3::{Request, Response};

use crate::content;

pub(crate) async fn handler(call: Call, request: Request, unread: Unread) -> Result<HttpResponse, ApiError> {
    let requester = call.full_user()?;
    call.limit(Limit::Media)?;
    let (description, body) = content::upload(request.filename, request.content_type, unread);
    let media_id = call.app.media.upload(requester, description, body).await?;
    into_http(Response { content_uri: call.app.media.uri(&media_id) })
}
