//! `GET /_matrix/client/v3/account/3pid` — the addresses of one's account.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3account3pid>

use kith_accounts::Threepid;
use kith_api_common::{ApiError, Call};
use ruma::{
    MilliSecondsSinceUnixEpoch, UInt,
    api::client::account::get_3pids::v3::{Request, Response},
    thirdparty::{Medium, ThirdPartyIdentifier},
};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    let threepids = call.app.accounts.list_threepids(requester.user)?;
    Ok(Response { threepids: threepids.into_iter().map(identifier).collect() })
}

fn identifier(threepid: Threepid) -> ThirdPartyIdentifier {
    let time = |ms: u64| MilliSecondsSinceUnixEpoch(UInt::new_saturating(ms));
    ThirdPartyIdentifier {
        address: threepid.address,
        medium: Medium::from(threepid.medium),
        validated_at: time(threepid.validated_ms),
        added_at: time(threepid.added_ms),
    }
}
