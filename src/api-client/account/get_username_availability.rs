//! `GET /_matrix/client/v3/register/available` — whether a name can be had.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3registeravailable>

use kith_api_common::{ApiError, Call, Limit};
use kith_config::RegistrationMode;
use ruma::api::client::account::get_username_availability::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.limit(Limit::Registration)?;
    if call.app.config.effective_registration_mode() == RegistrationMode::Closed {
        return Err(ApiError::forbidden("Registration is closed on this server"));
    }
    call.app.accounts.check_available(&request.username)?;
    Ok(Response { available: true })
}
