//! `POST /_matrix/client/v3/account/3pid/msisdn/requestToken` — refused: telephone
//! numbers are not confirmed here.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidmsisdnrequesttoken>

use kith_api_common::{ApiError, Call};
use ruma::api::client::account::request_3pid_management_token_via_msisdn::v3::{Request, Response};

use crate::mailing::no_text_messages;

pub(crate) fn handler(_: &Call, _: Request) -> Result<Response, ApiError> {
    Err(no_text_messages())
}
