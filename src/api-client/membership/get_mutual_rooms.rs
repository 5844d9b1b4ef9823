//! `GET /_matrix/client/v1/mutual_rooms` — the rooms that the user shares with another.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mutual_rooms>

use kith_api_common::{ApiError, Call};
use kith_rooms::mutual_rooms::MutualRooms;
use ruma::{
    UInt, UserId,
    api::client::membership::get_mutual_rooms::{unstable, v1},
};

pub(crate) fn handler(call: &Call, request: v1::Request) -> Result<v1::Response, ApiError> {
    let MutualRooms { joined, count, next_batch } = find(call, &request.user_id, request.from.as_deref())?;
    Ok(v1::Response { count: UInt::new_saturating(count as u64), joined, next_batch })
}

/// The name the endpoint had before version 1.19.
pub(crate) fn unstable_handler(
    call: &Call,
    request: unstable::Request,
) -> Result<unstable::Response, ApiError> {
    let MutualRooms { joined, next_batch, .. } = find(call, &request.user_id, request.from.as_deref())?;
    Ok(unstable::Response { joined, next_batch })
}

fn find(call: &Call, other: &UserId, from: Option<&str>) -> Result<MutualRooms, ApiError> {
    let read = call.app.store.read();
    Ok(call.app.rooms.mutual_rooms(&*read, call.requester()?.user, other, from)?)
}
