//! `POST /_matrix/client/v1/login/get_token` — a token with which one's other device can log in.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv1loginget_token>

use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::session::get_login_token::v1::{self, Response};

use crate::{authorize::authorize, lenient::Lenient};

type Request = Own<v1::Request, Lenient<v1::Request>, Response>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let request = request.request.0;
    let requester = call.full_user()?;
    authorize(call, requester, "login/get_token", request.auth.as_ref())?;
    let (token, expires_in) = call.app.accounts.create_login_token(requester.user)?;
    Ok(Response { expires_in, login_token: token.reveal().to_owned() })
}
