//! `GET /_matrix/client/v3/profile/{userId}` — everything a user says of themselves.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuserid>

use kith_api_common::{ApiError, Call};
use ruma::api::client::profile::get_profile::v3::{Request, Response};

use super::find_fields;
use crate::identified::Identified;

pub(crate) async fn handler(
    call: Call,
    Identified(request): Identified<Request>,
) -> Result<Response, ApiError> {
    Ok(find_fields(&call, request.user_id, None).await?.into_iter().collect())
}
