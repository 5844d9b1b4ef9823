//! `GET /_matrix/client/v3/capabilities` — what this server lets this user do.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3capabilities>

use kith_accounts::Account;
use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_event::RoomVersion;
use ruma::{
    RoomVersionId,
    api::client::discovery::get_capabilities::v3::{
        self, AccountModerationCapability, Capabilities, ChangePasswordCapability, GetLoginTokenCapability,
        ProfileFieldsCapability, RoomVersionStability, RoomVersionsCapability, ThirdPartyIdChangesCapability,
    },
};
use serde::Serialize;

type Request = Answered<v3::Request, Json<Response>>;

#[derive(Debug, Serialize)]
pub(crate) struct Response {
    capabilities: Shown,
}

#[derive(Debug, Serialize)]
struct Shown {
    /// Said even where it is so, which ruma's type leaves out.
    #[serde(rename = "m.change_password")]
    change_password: ChangePasswordCapability,
    #[serde(flatten)]
    others: Capabilities,
}

pub(crate) fn handler(call: &Call, _: Request) -> Result<Json<Response>, ApiError> {
    let requester = call.requester()?;
    let account = call.app.accounts.account(requester.user)?;
    let has_password = account.as_ref().is_some_and(|account| account.has_password);
    let may_change_profile = account.as_ref().is_some_and(|account: &Account| !account.suspended);
    let mut capabilities = Capabilities::new();
    capabilities.room_versions = room_versions(&call.app.config.rooms.default_room_version);
    // Adding an address needs a mail to prove it.
    capabilities.thirdparty_id_changes =
        ThirdPartyIdChangesCapability { enabled: call.app.config.email.is_on() };
    let can_prove = call.app.accounts.can_prove(requester.user)?;
    capabilities.get_login_token = GetLoginTokenCapability { enabled: can_prove };
    capabilities.profile_fields =
        Some(ProfileFieldsCapability { enabled: may_change_profile, allowed: None, disallowed: None });
    capabilities.account_moderation =
        AccountModerationCapability { suspend: requester.admin, lock: requester.admin };
    let change_password = ChangePasswordCapability { enabled: has_password };
    Ok(Json::ok(Response { capabilities: Shown { change_password, others: capabilities } }))
}

fn room_versions(default: &str) -> RoomVersionsCapability {
    let default = RoomVersionId::try_from(default).unwrap_or(RoomVersion::DEFAULT_ID);
    let known = RoomVersion::all().iter().map(|version| {
        let stable = version.is_stable();
        (
            version.id().clone(),
            if stable { RoomVersionStability::Stable } else { RoomVersionStability::Unstable },
        )
    });
    RoomVersionsCapability { default, available: known.collect() }
}
