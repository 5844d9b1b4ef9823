//! `POST /_matrix/client/v3/register/email/requestToken` — a mail that confirms the
//! address of somebody who registers.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3registeremailrequesttoken>

use kith_accounts::ValidationPurpose;
use kith_api_common::{ApiError, Call};
use kith_config::RegistrationMode;
use ruma::api::client::account::request_registration_token_via_email::v3::{Request, Response};

use crate::mailing::{Wish, send_link};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    if call.app.config.effective_registration_mode() == RegistrationMode::Closed {
        return Err(ApiError::forbidden("Registration is closed on this server"));
    }
    let wish = Wish {
        purpose: ValidationPurpose::Register,
        address: &request.email,
        client_secret: &request.client_secret,
        send_attempt: request.send_attempt,
        next_link: request.next_link.as_deref(),
    };
    let sid = send_link(&call, wish).await?;
    Ok(Response { sid, submit_url: None })
}
