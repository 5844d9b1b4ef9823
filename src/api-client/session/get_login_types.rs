//! `GET /_matrix/client/v3/login` — the ways to log in.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3login>

use kith_api_common::{ApiError, Call};
use ruma::api::client::session::get_login_types::v3::{
    ApplicationServiceLoginType, LoginType, PasswordLoginType, Request, Response, TokenLoginType,
};

pub(crate) fn handler(_: &Call, _: Request) -> Result<Response, ApiError> {
    Ok(Response {
        flows: vec![
            LoginType::Password(PasswordLoginType {}),
            LoginType::Token(TokenLoginType { get_login_token: true }),
            LoginType::ApplicationService(ApplicationServiceLoginType {}),
        ],
    })
}
