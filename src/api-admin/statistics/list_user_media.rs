//! `GET /_synapse/admin/v1/statistics/users/media` — how much each user of this server has uploaded.
//! <https://element-hq.github.io/synapse/latest/admin_api/statistics.html>

use std::cmp::Ordering;

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_store::tables::media::UsageRecord;
use ruma::{OwnedUserId, api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::listing::{Direction, Parameters, default_limit, parameters, stretch};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/statistics/users/media",
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    from: usize,
    #[serde(default = "default_limit")]
    limit: usize,
    order_by: Option<Order>,
    #[serde(default)]
    dir: Direction,
    /// Only files that came from then on …
    #[serde(default)]
    from_ts: u64,
    /// … and before this, in milliseconds.
    until_ts: Option<u64>,
    search_term: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    UserId,
    Displayname,
    MediaLength,
    MediaCount,
}

type Request = Own<Endpoint, Parameters, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let wanted: Wanted = parameters(&request.request.uri)?;
    if wanted.until_ts.is_some_and(|until_ms| until_ms <= wanted.from_ts) {
        return Err(ApiError::invalid_param("until_ts comes after from_ts"));
    }
    let whole_time = wanted.from_ts == 0 && wanted.until_ts.is_none();
    let span = (!whole_time).then(|| wanted.from_ts..wanted.until_ts.unwrap_or(u64::MAX));
    let mut users = Vec::new();
    for (user, usage) in call.app.media.usage_of_all(span)? {
        let Some(account) = call.app.accounts.account(user)? else { continue };
        let display_name = call.app.accounts.profile(user)?.display_name;
        let uploader = Uploader { user_id: account.user_id, display_name, usage };
        if uploader.is_called(wanted.search_term.as_deref()) {
            users.push(uploader);
        }
    }
    let order = wanted.order_by.unwrap_or(Order::UserId);
    users.sort_by(|one, other| {
        wanted.dir.apply(order.compare(one, other)).then_with(|| one.user_id.cmp(&other.user_id))
    });
    let stretch = stretch(users, wanted.from, wanted.limit);
    let users: Vec<Value> = stretch.items.iter().map(Uploader::shown).collect();
    let mut body = json!({ "users": users, "total": stretch.total });
    if let Some(next) = stretch.next {
        body["next_token"] = json!(next);
    }
    Ok(Json::ok(body))
}

/// A user with files.
struct Uploader {
    user_id: OwnedUserId,
    display_name: Option<String>,
    usage: UsageRecord,
}

impl Uploader {
    fn is_called(&self, words: Option<&str>) -> bool {
        let Some(words) = words.map(str::to_lowercase) else { return true };
        let name = self.display_name.as_deref().unwrap_or_default();
        self.user_id.as_str().contains(&words) || name.to_lowercase().contains(&words)
    }

    fn shown(&self) -> Value {
        json!({
            "user_id": self.user_id,
            "displayname": self.display_name,
            "media_count": self.usage.files,
            "media_length": self.usage.bytes,
        })
    }
}

impl Order {
    fn compare(self, one: &Uploader, other: &Uploader) -> Ordering {
        match self {
            Self::UserId => one.user_id.cmp(&other.user_id),
            Self::Displayname => one.display_name.cmp(&other.display_name),
            Self::MediaLength => one.usage.bytes.cmp(&other.usage.bytes),
            Self::MediaCount => one.usage.files.cmp(&other.usage.files),
        }
    }
}
