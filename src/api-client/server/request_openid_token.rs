//! `POST /_matrix/client/v3/user/{userId}/openid/request_token` — a token that tells a third party who one is.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3useruseridopenidrequest_token>

use kith_api_common::{ApiError, Call};
use ruma::{
    api::client::account::request_openid_token::v3::{Request, Response},
    authentication::TokenType,
};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    if request.user_id != requester.user_id {
        return Err(ApiError::forbidden("One can only prove one's own identity"));
    }
    let token = call.app.accounts.create_openid_token(requester.user)?;
    Ok(Response {
        access_token: token.token.reveal().to_owned(),
        token_type: TokenType::Bearer,
        matrix_server_name: call.app.accounts.server_name().to_owned(),
        expires_in: token.expires_in,
    })
}
