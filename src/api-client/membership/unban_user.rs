//! `POST /_matrix/client/v3/rooms/{roomId}/unban` — lifts a ban.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidunban>

use std::sync::Arc;

use kith_api_common::{ApiError, Call};
use ruma::api::client::membership::unban_user::v3::{Request, Response};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let app = Arc::clone(&call.app);
    app.rooms.await_member(&request.room_id, &request.user_id).await?;
    app.tasks.blocking(move || unban(&call, request)).await
}

fn unban(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.app.rooms.unban(call.full_user()?, &request.room_id, &request.user_id, request.reason)?;
    Ok(Response {})
}
