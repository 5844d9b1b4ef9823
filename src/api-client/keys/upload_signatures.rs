//! `POST /_matrix/client/v3/keys/signatures/upload` — vouches for one's devices and for other users.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keyssignaturesupload>

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own, ReadRequest, read_body},
};
use kith_e2ee::SignedKeys;
use ruma::api::{client::keys::upload_signatures::v3, error::DeserializationError};
use serde::Deserialize;
use serde_json::{Value, json};

type Request = Own<v3::Request, Body, Json<Value>>;

/// The body: ruma's type does not give its parts away by key.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Body(SignedKeys);

impl ReadRequest for Body {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        read_body(&request)
    }
}

pub(crate) async fn handler(call: Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.limit(Limit::Keys)?;
    let failures = call.app.e2ee.upload_signatures(call.full_user()?, request.request.0).await?;
    Ok(Json::ok(json!({ "failures": failures })))
}
