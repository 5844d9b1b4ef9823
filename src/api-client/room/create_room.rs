//! `POST /_matrix/client/v3/createRoom` — makes a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom>

use kith_api_common::{ApiError, Call, Limit};
use kith_rooms::create::{InitialState, NewRoom, Preset};
use ruma::{
    api::client::room::{
        Visibility,
        create_room::v3::{Request, Response, RoomPreset},
    },
    serde::Raw,
};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::membership::address_invite;

/// For how many of those who are invited an application service may be asked.
const SUMMONED_MAX: usize = 50;
/// How many may be invited by their addresses: the identity server is asked about each.
const ADDRESSES_MAX: usize = 20;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?.clone();
    call.limit(Limit::RoomCreation)?;
    for user in &request.invite {
        call.limit_upon(Limit::InvitePerUser, user.as_str())?;
    }
    // Whether or not they are there then, they can be invited.
    for user in request.invite.iter().take(SUMMONED_MAX) {
        call.app.bridges.summon_user(user.clone()).await?;
    }
    if request.invite_3pid.len() > ADDRESSES_MAX {
        return Err(ApiError::invalid_param(format!("more than {ADDRESSES_MAX} invites by address")));
    }
    let addresses: Vec<_> = request.invite_3pid.iter().cloned().map(address_invite).collect();
    let room_id = call.app.rooms.create_room_across(requester.clone(), new_room(request)?).await?;
    for address in addresses {
        // The room is there, whoever else comes.
        if let Err(error) = call.app.rooms.invite_address(requester.clone(), room_id.clone(), address).await {
            tracing::warn!(%error, %room_id, "an address could not be invited to a new room");
        }
    }
    Ok(Response { room_id })
}

fn new_room(request: Request) -> Result<NewRoom, ApiError> {
    let preset = match request.preset {
        None => None,
        Some(RoomPreset::PrivateChat) => Some(Preset::PrivateChat),
        Some(RoomPreset::TrustedPrivateChat) => Some(Preset::TrustedPrivateChat),
        Some(RoomPreset::PublicChat) => Some(Preset::PublicChat),
        Some(other) => return Err(ApiError::invalid_param(format!("there is no preset {other}"))),
    };
    Ok(NewRoom {
        published: request.visibility == Visibility::Public,
        preset,
        alias_localpart: request.room_alias_name,
        name: request.name,
        topic: request.topic,
        invite: request.invite,
        version: request.room_version.map(|version| version.to_string()),
        creation_content: object(request.creation_content.as_ref())?,
        initial_state: request.initial_state.iter().map(initial_state).collect::<Result<_, _>>()?,
        is_direct: request.is_direct,
        power_level_override: object(request.power_level_content_override.as_ref())?,
        never_encrypted: false,
    })
}

fn initial_state<T>(raw: &Raw<T>) -> Result<InitialState, ApiError> {
    #[derive(Deserialize)]
    struct Fields {
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        state_key: String,
        content: Box<RawValue>,
    }
    let fields: Fields = serde_json::from_str(raw.json().get())
        .map_err(|error| ApiError::bad_json(format!("initial_state: {error}")))?;
    Ok(InitialState { kind: fields.kind, state_key: fields.state_key, content: fields.content })
}

fn object<T>(raw: Option<&Raw<T>>) -> Result<Map<String, Value>, ApiError> {
    let Some(raw) = raw else { return Ok(Map::new()) };
    serde_json::from_str(raw.json().get()).map_err(|error| ApiError::bad_json(error.to_string()))
}
