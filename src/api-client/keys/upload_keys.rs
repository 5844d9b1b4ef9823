//! `POST /_matrix/client/v3/keys/upload` — publishes the keys of one's device.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysupload>

use std::collections::BTreeMap;

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own, ReadRequest, read_body},
};
use kith_e2ee::KeyUpload;
use ruma::api::{client::keys::upload_keys::v3, error::DeserializationError};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

type Request = Own<v3::Request, Body, Json<Value>>;
type Keys = BTreeMap<String, Box<RawValue>>;

/// The body: ruma's type does not know fallback keys by the name that they had as a proposal.
#[derive(Deserialize)]
pub(crate) struct Body {
    device_keys: Option<Box<RawValue>>,
    one_time_keys: Option<Keys>,
    fallback_keys: Option<Keys>,
    #[serde(rename = "org.matrix.msc2732.fallback_keys")]
    fallback_keys_unstable: Option<Keys>,
}

impl ReadRequest for Body {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        read_body(&request)
    }
}

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.limit(Limit::Keys)?;
    let body = request.request;
    let upload = KeyUpload {
        device_keys: body.device_keys.filter(|keys| keys.get() != "null"),
        one_time_keys: body.one_time_keys.unwrap_or_default(),
        fallback_keys: body.fallback_keys.or(body.fallback_keys_unstable).unwrap_or_default(),
    };
    let mut counts = call.app.e2ee.upload_keys(call.requester()?, &upload)?;
    // Clients look for this one even if there are none.
    counts.entry("signed_curve25519".to_owned()).or_insert(0);
    Ok(Json::ok(json!({ "one_time_key_counts": counts })))
}
