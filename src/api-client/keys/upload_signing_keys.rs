//! `POST /_matrix/client/v3/keys/device_signing/upload` — publishes one's cross-signing keys.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysdevice_signingupload>

use kith_api_common::{ApiError, Call, Limit, json::Own};
use kith_e2ee::{CrossSigningError, CrossSigningKeys};
use ruma::{
    api::client::keys::upload_signing_keys::v3::{self, Response},
    serde::Raw,
};

use crate::{
    authorize::{Proof, authorize},
    lenient::Lenient,
};

type Request = Own<v3::Request, Lenient<v3::Request>, Response>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    call.limit(Limit::Keys)?;
    let mut request = request.request.0;
    let proof = Proof::take(&call, request.auth.take()).await?;
    let tasks = call.app.tasks.clone();
    tasks.blocking(move || upload(&call, request, &proof)).await
}

fn upload(call: &Call, request: v3::Request, proof: &Proof) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    let keys = CrossSigningKeys {
        master_key: request.master_key.map(Raw::into_json),
        self_signing_key: request.self_signing_key.map(Raw::into_json),
        user_signing_key: request.user_signing_key.map(Raw::into_json),
    };
    let e2ee = &call.app.e2ee;
    match e2ee.upload_signing_keys(requester, &keys, false) {
        Err(CrossSigningError::NeedsProof) => {
            authorize(call, requester, "keys/device_signing/upload", proof)?;
            e2ee.upload_signing_keys(requester, &keys, true)?;
        }
        other => other?,
    }
    Ok(Response {})
}
