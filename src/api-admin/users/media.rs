//! Not an endpoint: which of a user's files are meant, and in which order.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use std::cmp::Ordering;

use kith_api_common::{ApiError, Call};
use kith_media::Listed;
use ruma::OwnedUserId;
use serde::Deserialize;

use super::get_account;
use crate::listing::{Asked, Direction, Stretch, default_limit, parameters, stretch};

/// A request for a stretch of a user's files.
pub(crate) type OfFiles = Asked<(OwnedUserId,)>;

#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    from: usize,
    #[serde(default = "default_limit")]
    limit: usize,
    order_by: Option<Order>,
    dir: Option<Direction>,
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

/// The files that are meant: the newest first, unless another order is asked for.
pub(super) fn files(call: &Call, request: &OfFiles) -> Result<Stretch<Listed>, ApiError> {
    let account = get_account(call, &request.path.0)?;
    let Parameters { from, limit, order_by, dir } = parameters(&request.uri)?;
    let (order, direction) = match (order_by, dir) {
        (None, None) => (Order::CreatedTs, Direction::Backwards),
        (order, direction) => (order.unwrap_or(Order::CreatedTs), direction.unwrap_or_default()),
    };
    let mut files = call.app.media.list_of(account.user)?;
    files.sort_by(|one, other| {
        direction.apply(order.compare(one, other)).then_with(|| one.media_id.cmp(&other.media_id))
    });
    Ok(stretch(files, from, limit))
}
