//! `POST /_matrix/client/v3/account/3pid/email/requestToken` — a mail that confirms an
//! address for an account.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidemailrequesttoken>

use kith_accounts::ValidationPurpose;
use kith_api_common::{ApiError, Call};
use ruma::api::client::account::request_3pid_management_token_via_email::v3::{Request, Response};

use crate::mailing::{Wish, send_link};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let wish = Wish {
        purpose: ValidationPurpose::AddAddress,
        address: &request.email,
        client_secret: &request.client_secret,
        send_attempt: request.send_attempt,
        next_link: request.next_link.as_deref(),
    };
    let sid = send_link(&call, wish).await?;
    Ok(Response { sid, submit_url: None })
}
