//! `GET /_matrix/client/v3/rooms/{roomId}/members` — the member events of a room, now or at some moment.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmembers>

use std::sync::Arc;

use kith_api_common::{ApiError, Call};
use kith_rooms::{members::MembersRequest, tokens::Token};
use kith_store::tables::members::Membership;
use ruma::{
    api::client::membership::get_member_events::v3::{Request, Response},
    events::room::member::MembershipState,
    serde::Raw,
};

use crate::viewer::viewer;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let app = Arc::clone(&call.app);
    app.rooms.await_members(&request.room_id).await?;
    app.tasks.blocking(move || members(&call, request)).await
}

fn members(call: &Call, request: Request) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let wanted = MembersRequest {
        at: Token::parse_optional(request.at.as_deref())?,
        membership: membership(request.membership.as_ref())?,
        not_membership: membership(request.not_membership.as_ref())?,
    };
    let chunk = call.app.rooms.members(&*read, &request.room_id, &viewer, &wanted)?;
    Ok(Response { chunk: chunk.into_iter().map(Raw::from_json).collect() })
}

fn membership(word: Option<&MembershipState>) -> Result<Option<Membership>, ApiError> {
    let Some(word) = word else { return Ok(None) };
    let membership = Membership::parse(word.as_str());
    membership.map(Some).ok_or_else(|| ApiError::invalid_param("There is no such membership"))
}
