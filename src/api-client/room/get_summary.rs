//! `GET /_matrix/client/v1/room_summary/{roomIdOrAlias}` — a room in short, for whoever may know of it.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1room_summaryroomidoralias>

use kith_api_common::{ApiError, Call};
use kith_rooms::ReadError;
use ruma::{
    RoomAliasId,
    api::client::room::get_summary::v1::{Request, Response},
    events::room::member::MembershipState,
};

use crate::{alias::named_room, viewer::viewer_or_stranger};

/// Where clients of the proposal ask, beside the older place that ruma knows.
pub(crate) const UNSTABLE_PATH: &str = "/_matrix/client/unstable/im.nheko.summary/summary/{room_id_or_alias}";

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let alias = <&RoomAliasId>::try_from(&*request.room_id_or_alias);
    let is_elsewhere = alias.is_ok_and(|alias| alias.server_name() != call.app.rooms.server_name());
    // Strangers do not make this server ask others.
    if is_elsewhere && call.find_requester().is_none() {
        return Err(ReadError::NotFound("room").into());
    }
    let (room_id, via) = named_room(&call, request.room_id_or_alias, request.via).await?;
    let app = std::sync::Arc::clone(&call.app);
    let viewer = app.tasks.blocking(move || viewer_or_stranger(&call, &*call.app.store.read())).await?;
    let viewed = app.rooms.room_summary_across(room_id, via, viewer).await?;
    let membership = viewed.membership.map(|membership| MembershipState::from(membership.as_str()));
    Ok(Response { summary: viewed.summary, membership })
}
