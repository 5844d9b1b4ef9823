//! `POST /_matrix/client/v3/search` — searches messages, names and topics of rooms.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3search>

mod body;
mod response;

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own},
};
use ruma::api::client::search::search_events::v3;

use self::{body::Body, response::Response};

type Request = Own<v3::Request, Body, Json<Response>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Json<Response>, ApiError> {
    let requester = call.full_user()?.clone();
    call.limit(Limit::Search)?;
    let Some((search, with_profiles)) = request.request.understand()? else {
        return Ok(Json::ok(Response::default()));
    };
    call.app.search.freshen_messages().await;
    let app = call.app.clone();
    let found = move || -> Result<Response, ApiError> {
        let device = requester.device_id.as_deref();
        let viewer = app.rooms.viewer(&*app.store.read(), requester.user, &requester.user_id, device)?;
        Ok(Response::of(app.search.events(&viewer, &search)?, with_profiles))
    };
    Ok(Json::ok(call.app.tasks.blocking(found).await?))
}
