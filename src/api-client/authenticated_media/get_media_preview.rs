//! `GET /_matrix/client/v1/media/preview_url` — what a web page is about.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediapreview_url>

use kith_api_common::{ApiError, Call};
use ruma::api::client::authenticated_media::get_media_preview::v1::{Request, Response};

use crate::content;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    Ok(Response { data: Some(content::preview(&call, &request.url).await?) })
}
