//! Not an endpoint: which users of this server are meant, and in which order.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use std::cmp::Ordering;

use kith_accounts::Account;
use kith_api_common::{ApiError, Call};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::listing::{Direction, default_limit, stretch};

/// Which users are wanted.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    from: usize,
    #[serde(default = "default_limit")]
    limit: usize,
    /// Part of the user id.
    user_id: Option<String>,
    /// Part of the name, or of the localpart.
    name: Option<String>,
    #[serde(default = "yes")]
    guests: bool,
    admins: Option<bool>,
    #[serde(default)]
    locked: bool,
    pub(super) deactivated: Option<bool>,
    order_by: Option<Order>,
    #[serde(default)]
    dir: Direction,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Name,
    IsGuest,
    Admin,
    UserType,
    Deactivated,
    /// Nobody is, here: the order is that of the names.
    ShadowBanned,
    Displayname,
    AvatarUrl,
    CreationTs,
    LastSeenTs,
    Locked,
}

/// A user with what lists show of them.
struct Person {
    account: Account,
    display_name: Option<String>,
    avatar_url: Option<String>,
    last_seen_ms: Option<u64>,
}

/// The users who are wanted, of those accounts.
pub(super) fn list(
    call: &Call,
    wanted: &Wanted,
    among: impl Fn(&Account) -> bool,
) -> Result<Value, ApiError> {
    let order = wanted.order_by.unwrap_or(Order::Name);
    let mut people = Vec::new();
    for account in call.app.accounts.list_accounts(None, usize::MAX)? {
        if !among(&account) || !wanted.fits(&account) {
            continue;
        }
        let profile = call.app.accounts.profile(account.user)?;
        let mut person = Person {
            account,
            display_name: profile.display_name,
            avatar_url: profile.avatar_url,
            last_seen_ms: None,
        };
        if wanted.is_called(&person) {
            if order == Order::LastSeenTs {
                person.look(call)?;
            }
            people.push(person);
        }
    }
    people.sort_by(|one, other| {
        let compared = wanted.dir.apply(order.compare(one, other));
        compared.then_with(|| one.account.user_id.cmp(&other.account.user_id))
    });
    let mut stretch = stretch(people, wanted.from, wanted.limit);
    let mut users = Vec::new();
    for person in &mut stretch.items {
        person.look(call)?;
        users.push(person.shown());
    }
    let mut body = json!({ "users": users, "total": stretch.total });
    if let Some(next) = stretch.next {
        body["next_token"] = next.to_string().into();
    }
    Ok(body)
}

impl Wanted {
    fn fits(&self, account: &Account) -> bool {
        let named = self.user_id.as_deref().is_none_or(|part| account.user_id.as_str().contains(part));
        named
            && (self.guests || !account.is_guest())
            && (self.locked || !account.locked)
            && self.admins.is_none_or(|admins| admins == account.admin)
    }

    fn is_called(&self, person: &Person) -> bool {
        // Whoever asks for a part of the id means nothing else.
        let Some(part) = self.name.as_deref().filter(|_| self.user_id.is_none()) else { return true };
        let part = part.to_lowercase();
        let name = person.display_name.as_deref().unwrap_or_default().to_lowercase();
        person.account.user_id.localpart().to_lowercase().contains(&part) || name.contains(&part)
    }
}

impl Order {
    fn compare(self, one: &Person, other: &Person) -> Ordering {
        let (a, b) = (&one.account, &other.account);
        match self {
            Self::Name | Self::ShadowBanned => a.user_id.cmp(&b.user_id),
            Self::IsGuest => a.is_guest().cmp(&b.is_guest()),
            Self::Admin => a.admin.cmp(&b.admin),
            Self::UserType => a.user_type.cmp(&b.user_type),
            Self::Deactivated => a.deactivated.cmp(&b.deactivated),
            Self::Displayname => one.display_name.cmp(&other.display_name),
            Self::AvatarUrl => one.avatar_url.cmp(&other.avatar_url),
            Self::CreationTs => a.created_ms.cmp(&b.created_ms),
            Self::LastSeenTs => one.last_seen_ms.cmp(&other.last_seen_ms),
            Self::Locked => a.locked.cmp(&b.locked),
        }
    }
}

impl Person {
    /// When one of their devices was seen last.
    fn look(&mut self, call: &Call) -> Result<(), ApiError> {
        if self.last_seen_ms.is_none() {
            let devices = call.app.accounts.list_devices(self.account.user)?;
            self.last_seen_ms = devices.iter().filter_map(|device| device.last_seen_ms).max();
        }
        Ok(())
    }

    fn shown(&self) -> Value {
        let account = &self.account;
        json!({
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
            "displayname": self.display_name,
            "avatar_url": self.avatar_url,
            "creation_ts": account.created_ms,
            "last_seen_ts": self.last_seen_ms,
        })
    }
}
