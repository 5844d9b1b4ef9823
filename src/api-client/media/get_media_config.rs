//! `GET /_matrix/media/v3/config` — how large uploads may be.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixmediav3config>

#![expect(deprecated, reason = "clients of old still ask here")]

use kith_api_common::{ApiError, Call};
use ruma::{
    UInt,
    api::client::media::get_media_config::v3::{Request, Response},
};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    Ok(Response { upload_size: UInt::new_saturating(call.app.media.upload_bytes_max()) })
}
