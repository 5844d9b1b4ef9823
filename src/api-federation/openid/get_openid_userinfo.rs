//! `GET /_matrix/federation/v1/openid/userinfo` — whose OpenID token a third party was shown.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1openiduserinfo>
//!
//! Not only servers ask this: so does whatever lets users in by their Matrix identity, a call's media server for one.

use http::StatusCode;
use kith_api_common::{ApiError, Call};
use ruma::api::{
    error::{ErrorKind, UnknownTokenErrorData},
    federation::openid::get_openid_userinfo::v1::{Request, Response},
};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let sub = call.app.accounts.find_openid_user(&request.access_token)?.ok_or_else(|| {
        let kind = ErrorKind::UnknownToken(UnknownTokenErrorData { soft_logout: false });
        ApiError::new(StatusCode::UNAUTHORIZED, kind, "The token is unknown or has expired")
    })?;
    Ok(Response { sub })
}
