//! `GET /_matrix/media/v3/download/{serverName}/{mediaId}/{fileName}` — a file from before the freeze, under another
//! name. <https://spec.matrix.org/v1.19/client-server-api/#get_matrixmediav3downloadservernamemediaidfilename>

#![expect(deprecated, reason = "clients and servers of old still ask here")]

use axum::response::Response;
use kith_api_common::{ApiError, Call, Unread};
use ruma::api::client::media::get_content_as_filename::v3::Request;

use crate::content;

pub(crate) async fn handler(call: Call, request: Request, unread: Unread) -> Result<Response, ApiError> {
    let search = content::anonymous(request.allow_remote, request.timeout_ms);
    let mut file = call.app.media.find(&request.server_name, &request.media_id, search).await?;
    file.file_name = Some(request.filename);
    content::file(&call, &unread.headers, &file).await
}
