//! `GET /_matrix/client/v1/media/config` — how large uploads may be.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediaconfig>

use kith_api_common::{ApiError, Call};
use ruma::{
    UInt,
    api::client::authenticated_media::get_media_config::v1::{Request, Response},
};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    Ok(Response { upload_size: UInt::new_saturating(call.app.media.upload_bytes_max()) })
}
