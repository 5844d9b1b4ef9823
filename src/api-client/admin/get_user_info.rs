//! `GET /_matrix/client/v3/admin/whois/{userId}` — where a user was last seen, for themselves and for administrators.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3adminwhoisuserid>

use kith_accounts::Device;
use kith_api_common::{ApiError, Call};
use ruma::{
    MilliSecondsSinceUnixEpoch, UInt,
    api::client::admin::get_user_info::v3::{ConnectionInfo, DeviceInfo, Request, Response, SessionInfo},
};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    if call.requester()?.user_id != request.user_id {
        call.admin()?;
    }
    let account = call.app.accounts.find_account(&request.user_id)?;
    let account = account.ok_or_else(|| ApiError::not_found("There is no such account"))?;
    let devices = call.app.accounts.list_devices(account.user)?;
    let devices = devices.into_iter().map(|device| (device.device_id.to_string(), info(device))).collect();
    Ok(Response { user_id: Some(request.user_id), devices })
}

fn info(device: Device) -> DeviceInfo {
    let connection = ConnectionInfo {
        ip: device.last_seen_address,
        last_seen: device.last_seen_ms.map(|ms| MilliSecondsSinceUnixEpoch(UInt::new_saturating(ms))),
        user_agent: device.user_agent,
    };
    DeviceInfo { sessions: vec![SessionInfo { connections: vec![connection] }] }
}
