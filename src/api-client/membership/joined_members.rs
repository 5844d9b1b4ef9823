//! `GET /_matrix/client/v3/rooms/{roomId}/joined_members` — who is in a room, with names and pictures.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidjoined_members>

use std::sync::Arc;

use kith_api_common::{ApiError, Call};
use ruma::api::client::membership::joined_members::v3::{Request, Response, RoomMember};

use crate::viewer::viewer;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let app = Arc::clone(&call.app);
    app.rooms.await_members(&request.room_id).await?;
    app.tasks.blocking(move || joined(&call, request)).await
}

fn joined(call: &Call, request: Request) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let appservice = call.requester()?.appservice.as_deref();
    let members = call.app.rooms.joined_members(&*read, &request.room_id, &viewer, appservice)?;
    let joined = members.into_iter().map(|member| {
        let avatar_url = member.avatar_url.map(Into::into);
        (member.user_id, RoomMember { display_name: member.display_name, avatar_url })
    });
    Ok(Response { joined: joined.collect() })
}
