//! `GET /_matrix/client/v3/thirdparty/protocol/{protocol}` — one protocol that is bridged to.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyprotocolprotocol>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_appservice::Protocol;
use ruma::api::client::thirdparty::get_protocol::v3;

use super::no_such_protocol;

pub(crate) async fn handler(
    call: Call,
    request: Answered<v3::Request, Json<Protocol>>,
) -> Result<Json<Protocol>, ApiError> {
    let protocol = call.app.bridges.protocol(&request.request.protocol).await;
    Ok(Json::ok(protocol.ok_or_else(no_such_protocol)?))
}
