//! `POST /_matrix/client/v3/account/password/email/requestToken` — a mail to somebody who
//! has forgotten their password.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountpasswordemailrequesttoken>

use kith_accounts::ValidationPurpose;
use kith_api_common::{ApiError, Call};
use ruma::api::client::account::request_password_change_token_via_email::v3::{Request, Response};

use crate::mailing::{Wish, send_link};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let wish = Wish {
        purpose: ValidationPurpose::ResetPassword,
        address: &request.email,
        client_secret: &request.client_secret,
        send_attempt: request.send_attempt,
        next_link: request.next_link.as_deref(),
    };
    let sid = send_link(&call, wish).await?;
    Ok(Response { sid, submit_url: None })
}
