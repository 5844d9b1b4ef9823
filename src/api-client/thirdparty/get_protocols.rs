//! `GET /_matrix/client/v3/thirdparty/protocols` — every protocol that is bridged to.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyprotocols>

use std::collections::BTreeMap;

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_appservice::Protocol;
use ruma::api::client::thirdparty::get_protocols::v3;

type Response = Json<BTreeMap<String, Protocol>>;

pub(crate) async fn handler(call: Call, _: Answered<v3::Request, Response>) -> Result<Response, ApiError> {
    Ok(Json::ok(call.app.bridges.protocols().await))
}
