//! `POST /_matrix/media/v1/create` — announces an upload.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixmediav1create>

use kith_api_common::{ApiError, Call, Limit};
use ruma::{
    MilliSecondsSinceUnixEpoch, UInt,
    api::client::media::create_mxc_uri::v1::{Request, Response},
};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    call.limit(Limit::Media)?;
    let announced = call.app.media.create(requester)?;
    let expires = MilliSecondsSinceUnixEpoch(UInt::new_saturating(announced.expires_ms));
    Ok(Response { content_uri: call.app.media.uri(&announced.media_id), unused_expires_at: Some(expires) })
}
