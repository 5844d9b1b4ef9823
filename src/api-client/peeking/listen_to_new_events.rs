//! `GET /_matrix/client/v3/events` — waits for new events of a room that one may look into.
//! <https://spec.matrix.org/v1.19/client-server-api/#peeking_get_matrixclientv3events>

use std::{sync::Arc, time::Duration};

use kith_api_common::{
    ApiError, App, Call,
    json::{Answered, Json},
};
use kith_rooms::{Viewer, filter::RoomEventFilter, timeline::PageRequest, tokens::Token};
use kith_store::{ChangeKind, Direction, Position, RoomSid};
use ruma::{RoomId, api::client::peeking::listen_to_new_events::v3};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::viewer::viewer;

/// How long one request waits, at most and unless the client says otherwise, in milliseconds.
const TIMEOUT_MS_MAX: u64 = 300_000;
const TIMEOUT_MS_DEFAULT: u64 = 30_000;
/// How many events one answer has.
const EVENTS_MAX: usize = 100;

/// ruma's answer leaves out lists that are empty.
#[derive(Serialize)]
pub(crate) struct Response {
    start: String,
    end: String,
    chunk: Vec<Box<RawValue>>,
}

type Request = Answered<v3::Request, Json<Response>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Json<Response>, ApiError> {
    let v3::Request { from, room_id, timeout } = request.request;
    let app = Arc::clone(&call.app);
    let mut visible = app.store.changes().subscribe();
    let mut seen = *visible.borrow_and_update();
    let from = Token::parse_optional(from.as_deref())?.unwrap_or(Token::Stream(seen));
    let (room, at) = (room_id.clone(), Arc::clone(&app));
    let find = move || -> Result<(Viewer, Option<RoomSid>), ApiError> {
        Ok((viewer(&call, &*call.app.store.read())?, at.store.ids().find_room(&room)?))
    };
    let (viewer, room) = app.tasks.blocking(find).await?;
    let timeout = timeout.unwrap_or(Duration::from_millis(TIMEOUT_MS_DEFAULT));
    let time_is_up = tokio::time::sleep(timeout.min(Duration::from_millis(TIMEOUT_MS_MAX)));
    tokio::pin!(time_is_up);
    let stopping = app.tasks.stopping();
    loop {
        let (reading, room_id, looking) = (Arc::clone(&app), room_id.clone(), viewer.clone());
        let news = app.tasks.blocking(move || read_news(&reading, &room_id, &looking, from)).await?;
        if !news.chunk.is_empty() {
            return Ok(Json::ok(news));
        }
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(Json::ok(news)),
                () = &mut time_is_up => return Ok(Json::ok(news)),
                changed = visible.changed() => if changed.is_err() {
                    return Ok(Json::ok(news));
                },
            }
            let before = std::mem::replace(&mut seen, *visible.borrow_and_update());
            if concerns(&app, room, before) {
                break;
            }
        }
    }
}

/// What there is behind `from`.
fn read_news(app: &App, room_id: &RoomId, viewer: &Viewer, from: Token) -> Result<Response, ApiError> {
    // First the bound, then the snapshot: so everything up to the bound is in it.
    let until = app.store.visible();
    let read = app.store.read();
    let wanted = PageRequest {
        from: Some(from),
        to: None,
        direction: Direction::Forward,
        limit: EVENTS_MAX,
        filter: RoomEventFilter::default(),
    };
    let page = app.rooms.messages(&*read, room_id, viewer, &wanted)?;
    let end = match page.end {
        Some(end) if page.chunk.len() == EVENTS_MAX => end,
        _ => Token::Stream(until),
    };
    Ok(Response { start: from.to_string(), end: end.to_string(), chunk: page.chunk })
}

/// Whether something happened in a room behind a position, as far as the ring of changes can tell.
fn concerns(app: &App, room: Option<RoomSid>, before: Position) -> bool {
    let Some(changes) = app.store.changes().since(before) else { return true };
    changes.iter().any(|change| matches!(change.kind, ChangeKind::Event { room: at, .. } if Some(at) == room))
}
