//! `GET /_matrix/client/v3/login/sso/redirect/{idpId}` — sends a browser to one of the services that people log in with.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3loginssoredirectidpid>

use axum::response::Response;
use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::api::client::session::sso_login_with_provider::v3;
use serde_json::Value;

use crate::{pages::Fields, sso::send_away};

type Request = Own<v3::Request, Fields, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let fields = request.request;
    send_away(&call, &fields, Some(fields.get("path0")?)).await
}
