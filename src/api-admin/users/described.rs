//! Not an endpoint: what is told of one user of this server.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_accounts::{Account, AccountKind};
use kith_api_common::{ApiError, Call};
use serde_json::{Value, json};

/// Everything that is known of an account.
pub(super) fn described(call: &Call, account: &Account) -> Result<Value, ApiError> {
    let accounts = &call.app.accounts;
    let profile = accounts.profile(account.user)?;
    let threepids: Vec<Value> = accounts.list_threepids(account.user)?.into_iter().map(threepid).collect();
    let devices = accounts.list_devices(account.user)?;
    let service = match &account.kind {
        AccountKind::Appservice(id) => Some(id),
        AccountKind::User | AccountKind::Guest => None,
    };
    Ok(json!({
        "name": account.user_id,
        "is_guest": account.is_guest(),
        "admin": account.admin,
        "user_type": account.user_type,
        "deactivated": account.deactivated,
        "erased": account.erased,
        "locked": account.locked,
        "suspended": account.suspended,
        "shadow_banned": false,
        "approved": true,
        "displayname": profile.display_name,
        "avatar_url": profile.avatar_url,
        "threepids": threepids,
        "external_ids": [],
        // Here, and not in lists, it is counted in seconds.
        "creation_ts": account.created_ms / 1_000,
        "last_seen_ts": devices.iter().filter_map(|device| device.last_seen_ms).max(),
        "appservice_id": service,
        "consent_version": account.terms,
        "consent_server_notice_sent": null,
    }))
}

fn threepid(threepid: kith_accounts::Threepid) -> Value {
    json!({
        "medium": threepid.medium,
        "address": threepid.address,
        "added_at": threepid.added_ms,
        "validated_at": threepid.validated_ms,
    })
}
