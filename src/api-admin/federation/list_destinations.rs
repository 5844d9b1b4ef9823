//! `GET /_synapse/admin/v1/federation/destinations` — the servers that this one has to do with.
//! <https://element-hq.github.io/synapse/latest/usage/administration/admin_api/federation.html>

use std::{cmp::Ordering, collections::BTreeSet};

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedServerName, api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Destination;
use crate::listing::{Direction, Parameters, default_limit, parameters, stretch};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/federation/destinations",
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
    /// Part of the name.
    destination: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Destination,
    RetryLastTs,
    RetryInterval,
    FailureTs,
    LastSuccessfulStreamOrdering,
}

type Request = Own<Endpoint, Parameters, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let wanted: Wanted = parameters(&request.request.uri)?;
    let mut names: BTreeSet<OwnedServerName> = call.app.rooms.neighbours()?.into_iter().collect();
    names.extend(call.app.peers.absent());
    names.retain(|name| wanted.destination.as_deref().is_none_or(|part| name.as_str().contains(part)));
    let mut destinations: Vec<Destination> =
        names.into_iter().map(|name| Destination::look_at(call, name)).collect();
    let order = wanted.order_by.unwrap_or(Order::Destination);
    destinations.sort_by(|one, other| {
        wanted.dir.apply(order.compare(one, other)).then_with(|| one.name.cmp(&other.name))
    });
    let stretch = stretch(destinations, wanted.from, wanted.limit);
    let destinations: Vec<Value> = stretch.items.iter().map(Destination::shown).collect();
    let mut body = json!({ "destinations": destinations, "total": stretch.total });
    if let Some(next) = stretch.next {
        body["next_token"] = next.to_string().into();
    }
    Ok(Json::ok(body))
}

impl Order {
    fn compare(self, one: &Destination, other: &Destination) -> Ordering {
        match self {
            Self::Destination | Self::LastSuccessfulStreamOrdering => one.name.cmp(&other.name),
            Self::RetryLastTs => one.retry_last_ms().cmp(&other.retry_last_ms()),
            Self::RetryInterval => one.interval_ms().cmp(&other.interval_ms()),
            Self::FailureTs => one.failing_since_ms().cmp(&other.failing_since_ms()),
        }
    }
}
