//! `PUT /_synapse/admin/v2/users/{userId}` — makes a user, or changes one.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use std::sync::Arc;

use kith_accounts::{Account, Requester};
use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_store::UserSid;
use ruma::{
    OwnedUserId, UserId,
    api::{auth_scheme::AccessToken, error::ErrorKind},
    metadata,
};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{described::described, leave_rooms};
use crate::listing::Told;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: PUT,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v2/users/{user_id}",
}

/// What is said of the user. What is not said stays as it is.
#[derive(Deserialize)]
pub(crate) struct Wish {
    password: Option<String>,
    #[serde(default = "yes")]
    logout_devices: bool,
    displayname: Option<String>,
    avatar_url: Option<String>,
    threepids: Option<Vec<Threepid>>,
    #[serde(default)]
    external_ids: Vec<Value>,
    admin: Option<bool>,
    deactivated: Option<bool>,
    locked: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    user_type: Option<Option<String>>,
}

#[derive(Deserialize)]
struct Threepid {
    medium: String,
    address: String,
}

fn yes() -> bool {
    true
}

fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

impl Wish {
    fn check(&self) -> Result<(), ApiError> {
        if !self.external_ids.is_empty() {
            return Err(refusal("Users of this server have no ids elsewhere"));
        }
        if self.deactivated == Some(true) && self.locked == Some(true) {
            return Err(refusal("A user cannot be deactivated and locked"));
        }
        match self.user_type.as_ref().and_then(Option::as_deref) {
            None | Some("bot" | "support") => Ok(()),
            Some(_) => Err(refusal("Invalid user type")),
        }
    }
}

type Request = Own<Endpoint, Told<(OwnedUserId,), Wish>, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Json<Value>, ApiError> {
    let app = Arc::clone(&call.app);
    let Told { path: (user_id,), body } = request.request;
    let (answer, closed) = app.tasks.blocking(move || put(&call, &user_id, body)).await?;
    if let Some(user) = closed {
        leave_rooms(&app, user).await?;
    }
    Ok(answer)
}

/// Writes what is wanted. Answers whose rooms are to be left.
fn put(call: &Call, user_id: &UserId, wish: Wish) -> Result<(Json<Value>, Option<UserSid>), ApiError> {
    let requester = call.admin()?;
    let accounts = &call.app.accounts;
    wish.check()?;
    if !accounts.is_local(user_id) {
        return Err(refusal("This endpoint can only be used with local users"));
    }
    let unknown = || ApiError::not_found("User not found");
    let known = accounts.find_account(user_id)?;
    let made = known.is_none();
    let account = match known {
        Some(account) => account,
        None => {
            let (password, admin) = (wish.password.as_deref(), wish.admin.unwrap_or(false));
            // Capitals have become small letters.
            let user_id = accounts.create_user(user_id.localpart(), password, admin)?;
            accounts.find_account(&user_id)?.ok_or_else(unknown)?
        }
    };
    if !made {
        change(call, requester, &account, &wish)?;
    }
    if let Some(user_type) = wish.user_type.clone() {
        accounts.set_user_type(account.user, user_type)?;
    }
    if let Some(locked) = wish.locked {
        accounts.set_locked(account.user, locked)?;
    }
    let closes = wish.deactivated == Some(true) && !account.deactivated;
    if closes {
        accounts.deactivate(account.user, false)?;
    } else if !account.deactivated || wish.deactivated == Some(false) {
        show(call, requester, &account.user_id, &wish)?;
        if let Some(threepids) = &wish.threepids {
            replace_threepids(call, account.user, threepids)?;
        }
    }
    let account = accounts.account(account.user)?.ok_or_else(unknown)?;
    let body = described(call, &account)?;
    Ok((if made { Json::created(body) } else { Json::ok(body) }, closes.then_some(account.user)))
}

/// What changes of an account that was there, before all else: whether it is open, and who may do what with it.
fn change(call: &Call, requester: &Requester, account: &Account, wish: &Wish) -> Result<(), ApiError> {
    let accounts = &call.app.accounts;
    let own = account.user == requester.user;
    if own && wish.admin == Some(false) {
        return Err(refusal("You may not demote yourself."));
    }
    if account.deactivated && wish.deactivated == Some(false) {
        if wish.password.is_none() {
            return Err(refusal("Must provide a password to re-activate an account."));
        }
        accounts.reactivate(account.user)?;
    }
    let open = !account.deactivated || wish.deactivated == Some(false);
    if let Some(admin) = wish.admin.filter(|admin| open && *admin != account.admin) {
        accounts.set_admin(account.user, admin)?;
    }
    if let Some(password) = wish.password.as_deref().filter(|_| open) {
        let except = own.then_some(requester);
        accounts.set_password(account.user, password, wish.logout_devices, except)?;
    }
    Ok(())
}

/// Gives a user the name and the picture that are wanted.
fn show(call: &Call, requester: &Requester, user_id: &UserId, wish: &Wish) -> Result<(), ApiError> {
    for (field, value) in [("displayname", &wish.displayname), ("avatar_url", &wish.avatar_url)] {
        if let Some(value) = value {
            let change = call.app.accounts.set_profile_field(requester, user_id, field, &json!(value))?;
            call.app.rooms.propagate_profile(&change)?;
        }
    }
    Ok(())
}

/// Lets a user have these addresses and no others.
fn replace_threepids(call: &Call, user: UserSid, wanted: &[Threepid]) -> Result<(), ApiError> {
    let accounts = &call.app.accounts;
    let same = |wanted: &Threepid, medium: &str, address: &str| {
        wanted.medium == medium && wanted.address.eq_ignore_ascii_case(address)
    };
    let had = accounts.list_threepids(user)?;
    for old in &had {
        if !wanted.iter().any(|wanted| same(wanted, &old.medium, &old.address)) {
            accounts.delete_threepid(user, &old.medium, &old.address)?;
        }
    }
    for wanted in wanted {
        if !had.iter().any(|old| same(wanted, &old.medium, &old.address)) {
            accounts.add_threepid(user, &wanted.medium, &wanted.address)?;
        }
    }
    Ok(())
}

fn refusal(why: &str) -> ApiError {
    ApiError::bad_request(ErrorKind::Unknown, why)
}
