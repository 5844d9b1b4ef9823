//! What a client searches for. Not an endpoint: ruma's filter has no fields about relations.

use axum::extract::Query;
use kith_api_common::{
    ApiError,
    json::{ReadRequest, read_body},
};
use kith_rooms::filter::RoomEventFilter;
use kith_search::events::{ContextLimits, EventSearch, GroupBy, Kind, Order};
use ruma::api::error::DeserializationError;
use serde::Deserialize;

/// How many events of context a client gets on each side unless it says otherwise.
const CONTEXT_EVENTS_DEFAULT: usize = 5;

/// The request.
pub(crate) struct Body {
    criteria: Option<Criteria>,
    next_batch: Option<String>,
}

#[derive(Deserialize)]
struct Whole {
    search_categories: Categories,
}

#[derive(Deserialize)]
struct Categories {
    room_events: Option<Criteria>,
}

#[derive(Deserialize)]
struct Criteria {
    search_term: String,
    keys: Option<Vec<String>>,
    filter: Option<RoomEventFilter>,
    order_by: Option<String>,
    event_context: Option<Context>,
    include_state: Option<bool>,
    groupings: Option<Groupings>,
}

#[derive(Deserialize)]
struct Context {
    before_limit: Option<u64>,
    after_limit: Option<u64>,
    include_profile: Option<bool>,
}

#[derive(Deserialize)]
struct Groupings {
    group_by: Option<Vec<Grouping>>,
}

#[derive(Deserialize)]
struct Grouping {
    key: String,
}

#[derive(Deserialize)]
struct Parameters {
    next_batch: Option<String>,
}

impl ReadRequest for Body {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        let whole: Whole = read_body(&request)?;
        let next_batch =
            Query::<Parameters>::try_from_uri(request.uri()).ok().and_then(|query| query.0.next_batch);
        Ok(Self { criteria: whole.search_categories.room_events, next_batch })
    }
}

impl Body {
    /// The search, and whether profiles are wanted with the context; nothing if no known category is searched.
    pub(crate) fn understand(self) -> Result<Option<(EventSearch, bool)>, ApiError> {
        let Some(criteria) = self.criteria else { return Ok(None) };
        let with_profiles =
            criteria.event_context.as_ref().is_some_and(|context| context.include_profile == Some(true));
        let group_by = criteria.groupings.and_then(|groupings| groupings.group_by).unwrap_or_default();
        let search = EventSearch {
            term: criteria.search_term,
            kinds: kinds(criteria.keys),
            filter: criteria.filter.unwrap_or_default(),
            order: order(criteria.order_by.as_deref())?,
            context: criteria.event_context.map(|context| ContextLimits {
                before: limit(context.before_limit),
                after: limit(context.after_limit),
            }),
            include_state: criteria.include_state.unwrap_or_default(),
            group_by: group_by.iter().map(group).collect::<Result<_, _>>()?,
            from: self.next_batch,
        };
        Ok(Some((search, with_profiles)))
    }
}

fn limit(limit: Option<u64>) -> usize {
    limit.map_or(CONTEXT_EVENTS_DEFAULT, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

/// What is searched; keys that do not exist are in no event.
fn kinds(keys: Option<Vec<String>>) -> Vec<Kind> {
    let Some(keys) = keys else { return Kind::ALL.to_vec() };
    let is_wanted = |key: &str| keys.iter().any(|wanted| wanted == key);
    let known =
        [("content.body", Kind::Message), ("content.name", Kind::Name), ("content.topic", Kind::Topic)];
    known.into_iter().filter(|(key, _)| is_wanted(key)).map(|(_, kind)| kind).collect()
}

fn order(word: Option<&str>) -> Result<Order, ApiError> {
    match word {
        None | Some("rank") => Ok(Order::Rank),
        Some("recent") => Ok(Order::Recent),
        Some(_) => Err(ApiError::invalid_param("order_by is either rank or recent")),
    }
}

fn group(grouping: &Grouping) -> Result<GroupBy, ApiError> {
    match grouping.key.as_str() {
        "room_id" => Ok(GroupBy::Room),
        "sender" => Ok(GroupBy::Sender),
        _ => Err(ApiError::invalid_param("group_by knows the keys room_id and sender")),
    }
}
