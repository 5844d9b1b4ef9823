//! Events that relate to an event. The three endpoints differ only in how much of the relation they name.

mod get_relating_events;
mod get_relating_events_with_rel_type;
mod get_relating_events_with_rel_type_and_event_type;

use kith_api_common::{ApiError, Call, Router};
use kith_rooms::{
    relations::{PAGE_EVENTS_DEFAULT, RelationsRequest},
    tokens::Token,
};
use ruma::{EventId, RoomId, UInt, api::Direction, serde::Raw};

use crate::{paging, viewer::viewer};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(get_relating_events::handler)
        .endpoint(get_relating_events_with_rel_type::handler)
        .endpoint(get_relating_events_with_rel_type_and_event_type::handler)
}

/// What the three requests have in common.
struct Asked<'a> {
    room_id: &'a RoomId,
    event_id: &'a EventId,
    rel_type: Option<&'a str>,
    kind: Option<&'a str>,
    from: Option<&'a str>,
    to: Option<&'a str>,
    dir: Direction,
    limit: Option<UInt>,
    recurse: bool,
}

/// What the three responses have in common.
struct Answer<T> {
    chunk: Vec<Raw<T>>,
    next_batch: Option<String>,
    prev_batch: Option<String>,
    recursion_depth: Option<UInt>,
}

fn relations<T>(call: &Call, asked: &Asked<'_>) -> Result<Answer<T>, ApiError> {
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let request = RelationsRequest {
        from: Token::parse_optional(asked.from)?,
        to: Token::parse_optional(asked.to)?,
        direction: paging::direction(asked.dir),
        limit: paging::limit(asked.limit).unwrap_or(PAGE_EVENTS_DEFAULT),
        rel_type: asked.rel_type,
        kind: asked.kind,
        recurse: asked.recurse,
    };
    let page = call.app.rooms.relations(&*read, asked.room_id, asked.event_id, &viewer, &request)?;
    Ok(Answer {
        chunk: page.chunk.into_iter().map(Raw::from_json).collect(),
        next_batch: page.next_batch.map(|token| token.to_string()),
        prev_batch: asked.from.map(ToOwned::to_owned),
        recursion_depth: page.recursion_depth.map(UInt::new_saturating),
    })
}
