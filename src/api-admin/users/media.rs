//! Not an endpoint: which of a user's files are meant, and in which order.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use std::cmp::Ordering;

use http::Uri;
use kith_api_common::{
    ApiError, Call,
    json::{ReadRequest, read_path},
};
use kith_media::Listed;
use ruma::{OwnedUserId, api::error::DeserializationError};
use serde::Deserialize;

use super::get_account;
use crate::media::parameters;

/// A request for a stretch of a user's files.
pub(crate) struct OfFiles {
    user_id: OwnedUserId,
    uri: Uri,
}

impl ReadRequest for OfFiles {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (user_id,) = read_path(arguments)?;
        Ok(Self { user_id, uri: request.uri().clone() })
    }
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    from: usize,
    #[serde(default = "limit")]
    limit: usize,
    order_by: Option<Order>,
    dir: Option<Direction>,
}

fn limit() -> usize {
    100
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    MediaId,
    UploadName,
    CreatedTs,
    LastAccessTs,
    MediaLength,
    MediaType,
    QuarantinedBy,
    SafeFromQuarantine,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum Direction {
    #[serde(rename = "f")]
    Forwards,
    #[serde(rename = "b")]
    Backwards,
}

impl Order {
    fn compare(self, one: &Listed, other: &Listed) -> Ordering {
        let (a, b) = (&one.record, &other.record);
        match self {
            Self::MediaId => one.media_id.cmp(&other.media_id),
            Self::UploadName => a.file_name.cmp(&b.file_name),
            Self::CreatedTs => a.created_ms.cmp(&b.created_ms),
            Self::LastAccessTs => one.last_access_ms.cmp(&other.last_access_ms),
            Self::MediaLength => a.size_bytes.cmp(&b.size_bytes),
            Self::MediaType => a.content_type.cmp(&b.content_type),
            Self::QuarantinedBy => one.quarantined_by.cmp(&other.quarantined_by),
            Self::SafeFromQuarantine => a.protected.cmp(&b.protected),
        }
    }
}

/// A stretch of a user's files.
pub(super) struct Stretch {
    pub(super) files: Vec<Listed>,
    pub(super) total: usize,
    /// Where the next stretch begins, if there is one.
    pub(super) next: Option<usize>,
}

/// The files that are meant: the newest first, unless another order is asked for.
pub(super) fn stretch(call: &Call, request: &OfFiles) -> Result<Stretch, ApiError> {
    let account = get_account(call, &request.user_id)?;
    let Parameters { from, limit, order_by, dir } = parameters(&request.uri)?;
    let (order, direction) = match (order_by, dir) {
        (None, None) => (Order::CreatedTs, Direction::Backwards),
        (order, direction) => (order.unwrap_or(Order::CreatedTs), direction.unwrap_or(Direction::Forwards)),
    };
    let mut files = call.app.media.list_of(account.user)?;
    files.sort_by(|one, other| {
        let compared = order.compare(one, other);
        let compared = if direction == Direction::Backwards { compared.reverse() } else { compared };
        compared.then_with(|| one.media_id.cmp(&other.media_id))
    });
    let total = files.len();
    let files: Vec<Listed> = files.into_iter().skip(from).take(limit).collect();
    let next = from.saturating_add(files.len());
    Ok(Stretch { next: (next < total && !files.is_empty()).then_some(next), files, total })
}
