//! `GET /_matrix/client/v3/capabilities` — what this server lets this user do.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3capabilities>

use kith_accounts::Account;
use kith_api_common::{ApiError, Call};
use kith_event::RoomVersion;
use ruma::{
    RoomVersionId,
    api::client::discovery::get_capabilities::v3::{
        AccountModerationCapability, Capabilities, ChangePasswordCapability, GetLoginTokenCapability,
        ProfileFieldsCapability, Request, Response, RoomVersionStability, RoomVersionsCapability,
        ThirdPartyIdChangesCapability,
    },
};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    let account = call.app.accounts.account(requester.user)?;
    let has_password = account.as_ref().is_some_and(|account| account.has_password);
    let may_change_profile = account.as_ref().is_some_and(|account: &Account| !account.suspended);
    let mut capabilities = Capabilities::new();
    capabilities.change_password = ChangePasswordCapability { enabled: has_password };
    capabilities.room_versions = room_versions(&call.app.config.rooms.default_room_version);
    // Adding an address needs a mail to prove it.
    capabilities.thirdparty_id_changes =
        ThirdPartyIdChangesCapability { enabled: call.app.config.email.is_on() };
    capabilities.get_login_token = GetLoginTokenCapability { enabled: has_password };
    capabilities.profile_fields =
        Some(ProfileFieldsCapability { enabled: may_change_profile, allowed: None, disallowed: None });
    capabilities.account_moderation =
        AccountModerationCapability { suspend: requester.admin, lock: requester.admin };
    Ok(Response { capabilities })
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
