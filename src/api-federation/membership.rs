//! Members of other servers: joining, leaving, inviting.

mod create_invite;
mod create_invite_v1;
mod create_join_event;
mod create_knock_event;
mod create_leave_event;
mod prepare_join_event;
mod prepare_knock_event;
mod prepare_leave_event;

use kith_api_common::{ApiError, Limit, PeerCall, Router};
use kith_event::Pdu;
use kith_rooms::outside::Invite;
use ruma::{EventId, OwnedEventId, OwnedRoomId, RoomId, UserId, api::error::DeserializationError};
use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) fn routes(router: Router) -> Router {
    router
        .federation_endpoint(prepare_join_event::handler)
        .federation_endpoint(prepare_leave_event::handler)
        .federation_endpoint(prepare_knock_event::handler)
        .federation_endpoint_async(create_join_event::handler)
        .federation_endpoint_async(create_leave_event::handler)
        .federation_endpoint_async(create_knock_event::handler)
        .federation_endpoint_async(create_invite::handler)
        .federation_endpoint_async(create_invite_v1::handler)
}

/// The text of an event as an answer carries it.
fn raw(pdu: &Pdu) -> Result<Box<RawValue>, ApiError> {
    RawValue::from_string(pdu.json().to_owned()).map_err(|error| ApiError::internal(&error))
}

/// The room and the event in the path.
fn path(arguments: &[&str]) -> Result<(OwnedRoomId, OwnedEventId), DeserializationError> {
    let argument = |index: usize| arguments.get(index).copied().unwrap_or_default();
    Ok((RoomId::parse(argument(0))?, EventId::parse(argument(1))?))
}

/// Takes an invite. An application service may make the user who is invited when it is asked for them.
async fn receive_invite(call: &PeerCall, invite: Invite) -> Result<Pdu, ApiError> {
    limit_invites(call, &invite.event)?;
    if let Some(invited) = invited(&invite.event).and_then(|invited| UserId::parse(invited).ok()) {
        call.app.bridges.summon_user(invited).await?;
    }
    Ok(call.app.rooms.receive_invite(invite).await?)
}

/// Counts an invite against the server that sends it and the user who gets it.
fn limit_invites(call: &PeerCall, event: &RawValue) -> Result<(), ApiError> {
    let limiter = &call.app.rate_limiter;
    limiter.check(&call.app, Limit::InvitePerIssuer, call.origin.as_str())?;
    match invited(event) {
        Some(invited) => limiter.check(&call.app, Limit::InvitePerUser, &invited),
        None => Ok(()),
    }
}

fn invited(event: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Fields {
        state_key: String,
    }
    serde_json::from_str::<Fields>(event.get()).ok().map(|fields| fields.state_key)
}
