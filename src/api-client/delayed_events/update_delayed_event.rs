//! `POST /_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delayId}/{action}` — sends, cancels or restarts a
//! delayed event; also without the action in the path, which clients in the field name in the body.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4140>
//!
//! Whoever knows the delay id may do so: calls hand it to the server that carries them.

use kith_api_common::{ApiError, Call, Limit};
use kith_rooms::Rooms;
use ruma::api::client::delayed_events::update_delayed_event::{
    UpdateAction,
    unstable_v1::{Request as OldRequest, Response as OldResponse},
    unstable_v2::{Request, Response},
};

use crate::identified::Identified;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    update(call, &request.delay_id, &request.action)?;
    Ok(Response {})
}

pub(crate) fn old_handler(
    call: &Call,
    Identified(request): Identified<OldRequest>,
) -> Result<OldResponse, ApiError> {
    update(call, &request.delay_id, &request.action)?;
    Ok(OldResponse {})
}

fn update(call: &Call, delay_id: &str, action: &UpdateAction) -> Result<(), ApiError> {
    let (app, rooms) = (&call.app, &call.app.rooms);
    let act = match action {
        UpdateAction::Restart => Rooms::restart_delayed_event,
        UpdateAction::Send => Rooms::send_delayed_event,
        UpdateAction::Cancel => Rooms::cancel_delayed_event,
        _ => return Err(ApiError::invalid_param("action is none of restart, send and cancel")),
    };
    // Guesses are counted by address, and what is known by event: one server may look after the calls of many people.
    if rooms.is_delayed_event(delay_id)? {
        app.rate_limiter.check(app, Limit::Message, delay_id)?;
    } else {
        call.limit_by_address(Limit::Message)?;
    }
    Ok(act(rooms, delay_id)?)
}
