//! `POST /_matrix/client/v3/account/3pid` — what clients used before there was `…/3pid/add`.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pid>
//!
//! Here too the password is asked for: whoever has stolen an access token would otherwise add an address of theirs and
//! set a new password with it.

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_body},
};
use ruma::{
    OwnedClientSecret, OwnedSessionId,
    api::{
        auth_scheme::AccessToken,
        client::uiaa::AuthData,
        error::{DeserializationError, ErrorKind},
    },
    metadata,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::authorize::{Proof, authorize};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    history: {
        1.0 => "/_matrix/client/r0/account/3pid",
        1.1 => "/_matrix/client/v3/account/3pid",
    }
}

type Request = Own<Endpoint, Wish, Json<Value>>;

#[derive(Deserialize)]
pub(crate) struct Wish {
    #[serde(alias = "threePidCreds")]
    three_pid_creds: Option<Credentials>,
    auth: Option<AuthData>,
}

#[derive(Deserialize)]
struct Credentials {
    #[serde(alias = "clientSecret")]
    client_secret: OwnedClientSecret,
    sid: OwnedSessionId,
}

impl ReadRequest for Wish {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        read_body(&request)
    }
}

pub(crate) async fn handler(call: Call, request: Request) -> Result<Json<Value>, ApiError> {
    let mut wish = request.request;
    let proof = Proof::take(&call, wish.auth.take()).await?;
    let tasks = call.app.tasks.clone();
    tasks.blocking(move || add(&call, wish, &proof)).await
}

fn add(call: &Call, wish: Wish, proof: &Proof) -> Result<Json<Value>, ApiError> {
    let requester = call.full_user()?;
    let missing = || ApiError::bad_request(ErrorKind::MissingParam, "missing: three_pid_creds");
    let credentials = wish.three_pid_creds.ok_or_else(missing)?;
    authorize(call, requester, "account/3pid", proof)?;
    let (session, secret) = (credentials.sid.as_str(), credentials.client_secret.as_str());
    call.app.accounts.add_validated_threepid(requester, session, secret)?;
    Ok(Json::ok(json!({})))
}
