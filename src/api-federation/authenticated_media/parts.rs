//! Not an endpoint: how servers give files to servers, in `multipart/mixed` of two parts, of which the first is an
//! object that says nothing yet and the second the file.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediadownloadmediaid>
//!
//! The specification lets the second part say where the file is instead. Here it always is the file: what an object
//! store keeps may be out of other servers' reach.

use std::{future, io};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header;
use kith_api_common::{ApiError, PeerCall};
use kith_media::{ByteStream, MediaFile, Thumbnail, ThumbnailContent, serving};
use ruma::http_headers::ContentDisposition;

/// How long the boundary between the parts is. It is drawn anew for every answer, so no file can know it.
const BOUNDARY_CHARACTERS: usize = 32;

/// What the second part is.
struct Part<'a> {
    content_type: &'a str,
    disposition: ContentDisposition,
    size_bytes: u64,
    bytes: ByteStream,
}

/// Answers with a file.
pub(super) async fn file(call: &PeerCall, file: &MediaFile) -> Result<Response, ApiError> {
    let declared = file.content_type.as_deref();
    let bytes = call.app.media.read(&file.sha256, 0..file.size_bytes).await?;
    let part = Part {
        content_type: serving::content_type(declared),
        disposition: serving::disposition(declared, file.file_name.as_deref()),
        size_bytes: file.size_bytes,
        bytes,
    };
    answer(call, part)
}

/// Answers with a thumbnail.
pub(super) async fn thumbnail(call: &PeerCall, thumbnail: Thumbnail) -> Result<Response, ApiError> {
    let size_bytes = thumbnail.size_bytes;
    let bytes = match thumbnail.content {
        ThumbnailContent::Blob(sha256) => call.app.media.read(&sha256, 0..size_bytes).await?,
        ThumbnailContent::Bytes(bytes) => around(bytes),
    };
    let disposition = serving::thumbnail_disposition(&thumbnail.content_type);
    answer(call, Part { content_type: &thumbnail.content_type, disposition, size_bytes, bytes })
}

fn answer(call: &PeerCall, part: Part<'_>) -> Result<Response, ApiError> {
    let Part { content_type, disposition, size_bytes, bytes } = part;
    let boundary = call.app.random.alphanumeric(BOUNDARY_CHARACTERS);
    // Other servers expect the type of the first part to be its first header, and to be just this.
    let head = format!(
        "--{boundary}\r\nContent-Type: application/json\r\n\r\n{{}}\r\n--{boundary}\r\nContent-Type: \
         {content_type}\r\nContent-Disposition: {disposition}\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let length = size_bytes + (head.len() + tail.len()) as u64;
    let body = around(head.into()).chain(bytes).chain(around(tail.into()));
    Response::builder()
        .header(header::CONTENT_TYPE, format!("multipart/mixed; boundary={boundary}"))
        .header(header::CONTENT_LENGTH, length)
        .body(Body::from_stream(body))
        .map_err(|error| ApiError::internal(&error))
}

fn around(bytes: Bytes) -> ByteStream {
    stream::once(future::ready(Ok::<_, io::Error>(bytes))).boxed()
}
