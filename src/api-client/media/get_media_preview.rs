//! `GET /_matrix/media/v3/preview_url` — what a web page is about.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixmediav3preview_url>

#![expect(deprecated, reason = "clients of old still ask here")]

use kith_api_common::{ApiError, Call};
use ruma::api::client::media::get_media_preview::v3::{Request, Response};

use crate::content;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    Ok(Response { data: Some(content::preview(&call, &request.url).await?) })
}
