//! `GET /_matrix/client/v3/voip/turnServer` — credentials for the relay of calls.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3voipturnserver>
//!
//! Without a relay the answer is an empty object, which clients understand; ruma's type cannot say that.

use kith_accounts::turn_credentials;
use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::voip::get_turn_server_info::v3;
use serde_json::{Value, json};

type Request = Answered<v3::Request, Json<Value>>;

pub(crate) fn handler(call: &Call, _: Request) -> Result<Json<Value>, ApiError> {
    let requester = call.requester()?;
    let credentials = turn_credentials(&call.app.config.turn, &requester.user_id, call.app.clock.now_ms());
    let Some(credentials) = credentials else {
        return Ok(Json::ok(json!({})));
    };
    Ok(Json::ok(json!({
        "username": credentials.username,
        "password": credentials.password.reveal(),
        "uris": credentials.uris,
        "ttl": credentials.lifetime.as_secs(),
    })))
}
