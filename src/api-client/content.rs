//! Sending files and receiving them, as every endpoint of media does.
//! <https://spec.matrix.org/v1.19/client-server-api/#content-repository>

mod range;

use std::{io, time::Duration};

use axum::{body::Body, response::Response};
use futures_util::{StreamExt, TryStreamExt};
use http::{HeaderMap, HeaderValue, StatusCode, header, response::Builder};
use kith_api_common::{ApiError, Call, Limit, Unread};
use kith_media::{
    ByteStream, Description, MediaFile, Search, Thumbnail, ThumbnailContent, Wish, blobs,
    serving::{CONTENT_SECURITY_POLICY, content_type, disposition, thumbnail_disposition},
};
use ruma::{UInt, http_headers::ContentDisposition, media::Method};
use serde_json::value::RawValue;

use range::Requested;

/// How long browsers keep a file that was shown to somebody logged in. Files do not change, but they may be withdrawn.
const CACHED: &str = "private, max-age=86400, immutable";

/// What the request for an upload says of the file, and the file.
pub(crate) fn upload(
    file_name: Option<String>,
    content_type: Option<String>,
    unread: Unread,
) -> (Description, ByteStream) {
    let length = unread.headers.get(header::CONTENT_LENGTH);
    let size_bytes = length.and_then(|value| value.to_str().ok()?.parse().ok());
    let body = unread.body.into_data_stream().map_err(io::Error::other).boxed();
    (Description { content_type, file_name, size_bytes }, body)
}

/// How somebody who is logged in looks for a file.
pub(crate) fn authenticated(patience: Duration) -> Search {
    Search { allow_remote: true, anonymous: false, patience }
}

/// How somebody looks for a file who has not shown who they are.
pub(crate) fn anonymous(allow_remote: bool, patience: Duration) -> Search {
    Search { allow_remote, anonymous: true, patience }
}

/// A thumbnail that is asked for.
pub(crate) fn wish(
    width: UInt,
    height: UInt,
    method: Option<&Method>,
    animated: Option<bool>,
) -> Result<Wish, ApiError> {
    Wish::new(width, height, method, animated)
        .ok_or_else(|| ApiError::invalid_param("A thumbnail has at least one pixel"))
}

/// Answers with a file, or with the part of it that is asked for.
pub(crate) async fn file(call: &Call, headers: &HeaderMap, file: &MediaFile) -> Result<Response, ApiError> {
    let declared = file.content_type.as_deref();
    let content_type = content_type(declared).to_owned();
    let disposition = disposition(declared, file.file_name.as_deref());
    blob(call, headers, &file.sha256, file.size_bytes, &content_type, &disposition).await
}

/// Answers with a thumbnail.
pub(crate) async fn thumbnail(
    call: &Call,
    headers: &HeaderMap,
    thumbnail: Thumbnail,
) -> Result<Response, ApiError> {
    let disposition = thumbnail_disposition(&thumbnail.content_type);
    match thumbnail.content {
        ThumbnailContent::Blob(sha256) => {
            blob(call, headers, &sha256, thumbnail.size_bytes, &thumbnail.content_type, &disposition).await
        }
        ThumbnailContent::Bytes(bytes) => {
            finish(base(&thumbnail.content_type, &disposition)?.status(StatusCode::OK), bytes.into())
        }
    }
}

/// The properties of a web page, for users of this server.
pub(crate) async fn preview(call: &Call, url: &str) -> Result<Box<RawValue>, ApiError> {
    call.full_user()?;
    call.limit(Limit::Media)?;
    let properties = call.app.media.preview(url).await?;
    RawValue::from_string(properties).map_err(|error| ApiError::internal(&error))
}

async fn blob(
    call: &Call,
    headers: &HeaderMap,
    sha256: &[u8; 32],
    size_bytes: u64,
    content_type: &str,
    disposition: &ContentDisposition,
) -> Result<Response, ApiError> {
    let tag = format!("\"{}\"", blobs::name(sha256));
    let builder =
        base(content_type, disposition)?.header(header::ETAG, &tag).header(header::ACCEPT_RANGES, "bytes");
    if range::names_tag(headers.get(header::IF_NONE_MATCH), &tag) {
        return finish(builder.status(StatusCode::NOT_MODIFIED), Body::empty());
    }
    let (builder, part) = match range::requested(headers, &tag, size_bytes) {
        Requested::Whole => (builder.status(StatusCode::OK), 0..size_bytes),
        Requested::Part(part) => {
            let content_range = format!("bytes {}-{}/{size_bytes}", part.start, part.end - 1);
            let builder = builder.header(header::CONTENT_RANGE, content_range);
            (builder.status(StatusCode::PARTIAL_CONTENT), part)
        }
        Requested::Nowhere => {
            let builder = builder.header(header::CONTENT_RANGE, format!("bytes */{size_bytes}"));
            return finish(builder.status(StatusCode::RANGE_NOT_SATISFIABLE), Body::empty());
        }
    };
    let builder = builder.header(header::CONTENT_LENGTH, part.end - part.start);
    let bytes = call.app.media.read(sha256, part).await?;
    finish(builder, Body::from_stream(bytes))
}

/// What every answer says that holds somebody's file.
fn base(content_type: &str, disposition: &ContentDisposition) -> Result<Builder, ApiError> {
    let disposition = HeaderValue::from_str(&disposition.to_string());
    let disposition = disposition.map_err(|error| ApiError::internal(&error))?;
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CONTENT_DISPOSITION, disposition)
        .header(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CACHE_CONTROL, CACHED)
        .header(header::REFERRER_POLICY, "no-referrer")
        .header("cross-origin-resource-policy", "cross-origin"))
}

fn finish(builder: Builder, body: Body) -> Result<Response, ApiError> {
    builder.body(body).map_err(|error| ApiError::internal(&error))
}
