//! `GET /_synapse/admin/v1/rooms` — the rooms of this server.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use std::cmp::Ordering;

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_rooms::overview::Overview;
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use super::shown;
use crate::listing::{Direction, Parameters, default_limit, parameters, stretch};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/rooms",
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
    search_term: Option<String>,
    public_rooms: Option<bool>,
    empty_rooms: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Alphabetical,
    Size,
    Name,
    CanonicalAlias,
    JoinedMembers,
    JoinedLocalMembers,
    Version,
    Creator,
    Encryption,
    Federatable,
    Public,
    JoinRules,
    GuestAccess,
    HistoryVisibility,
    StateEvents,
}

type Request = Own<Endpoint, Parameters, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let wanted: Wanted = parameters(&request.request.uri)?;
    let mut rooms = call.app.rooms.overviews()?;
    rooms.retain(|room| wanted.fits(room));
    let order = wanted.order_by.unwrap_or(Order::Name);
    rooms.sort_by(|one, other| {
        wanted.dir.apply(order.compare(one, other)).then_with(|| one.room_id.cmp(&other.room_id))
    });
    let stretch = stretch(rooms, wanted.from, wanted.limit);
    let rooms: Vec<Value> = stretch.items.iter().map(shown).collect();
    let mut body = json!({ "rooms": rooms, "offset": wanted.from, "total_rooms": stretch.total });
    if let Some(next) = stretch.next {
        body["next_batch"] = next.into();
    }
    if wanted.from > 0 {
        body["prev_batch"] = wanted.from.saturating_sub(wanted.limit).into();
    }
    Ok(Json::ok(body))
}

impl Wanted {
    fn fits(&self, room: &Overview) -> bool {
        self.public_rooms.is_none_or(|public| public == room.published)
            && self.empty_rooms.is_none_or(|empty| empty == (room.joined == 0))
            && self.is_called(room)
    }

    /// The name and the local part of the alias are searched; the id has to be whole.
    fn is_called(&self, room: &Overview) -> bool {
        let Some(words) = self.search_term.as_deref().filter(|words| !words.is_empty()) else { return true };
        let lower = words.to_lowercase();
        let contains =
            |text: &Option<String>| text.as_deref().is_some_and(|text| text.to_lowercase().contains(&lower));
        room.room_id == words || contains(&room.name) || contains(&room.canonical_alias)
    }
}

impl Order {
    /// Numbers come largest first, as tools expect it.
    fn compare(self, one: &Overview, other: &Overview) -> Ordering {
        match self {
            // Rooms without a name come last.
            Self::Name | Self::Alphabetical => {
                (one.name.is_none(), &one.name).cmp(&(other.name.is_none(), &other.name))
            }
            Self::CanonicalAlias => {
                let key = |room: &Overview| (room.canonical_alias.is_none(), room.canonical_alias.clone());
                key(one).cmp(&key(other))
            }
            Self::JoinedMembers | Self::Size => other.joined.cmp(&one.joined),
            Self::JoinedLocalMembers => other.joined_here.cmp(&one.joined_here),
            Self::Version => other.version.cmp(&one.version),
            Self::Creator => one.creator.cmp(&other.creator),
            Self::Encryption => one.encryption.cmp(&other.encryption),
            Self::Federatable => one.federatable.cmp(&other.federatable),
            Self::Public => one.published.cmp(&other.published),
            Self::JoinRules => one.join_rule.cmp(&other.join_rule),
            Self::GuestAccess => one.guest_access.cmp(&other.guest_access),
            Self::HistoryVisibility => one.history_visibility.cmp(&other.history_visibility),
            Self::StateEvents => other.state_events.cmp(&one.state_events),
        }
    }
}
