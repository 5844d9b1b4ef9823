//! `POST /_matrix/client/v3/register/msisdn/requestToken` — refused: telephone
//! numbers are not confirmed here.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3registermsisdnrequesttoken>

use kith_api_common::{ApiError, Call};
use ruma::api::client::account::request_registration_token_via_msisdn::v3::{Request, Response};

use crate::mailing::no_text_messages;

pub(crate) fn handler(_: &Call, _: Request) -> Result<Response, ApiError> {
    Err(no_text_messages())
}
