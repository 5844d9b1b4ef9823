//! `POST /_matrix/client/v3/refresh` — renews an access token.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3refresh>

use kith_api_common::{ApiError, Call};
use ruma::api::client::session::refresh_token::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let session = call.app.accounts.refresh(&request.refresh_token)?;
    Ok(Response {
        access_token: session.access_token.reveal().to_owned(),
        refresh_token: session.refresh_token.map(|token| token.reveal().to_owned()),
        expires_in_ms: session.expires_in,
    })
}
