//! `GET /_matrix/client/v1/register/m.login.registration_token/validity` — whether one could register with a token.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1registermloginregistration_tokenvalidity>

use kith_api_common::{ApiError, Call, Limit};
use kith_config::RegistrationMode;
use ruma::api::client::account::check_registration_token_validity::v1::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.limit(Limit::RegistrationToken)?;
    if call.app.config.effective_registration_mode() == RegistrationMode::Closed {
        return Err(ApiError::forbidden("Registration is closed on this server"));
    }
    Ok(Response { valid: call.app.accounts.is_valid_registration_token(&request.token)? })
}
