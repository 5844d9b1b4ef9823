//! `GET /_matrix/client/unstable/org.matrix.msc4143/rtc/transports` — the ways for calls that this server provides.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4143>

use kith_api_common::{ApiError, Call};
use ruma::api::client::rtc::transports::v1::{Request, Response};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    call.requester()?;
    Ok(Response { rtc_transports: super::configured(&call.app.config) })
}
