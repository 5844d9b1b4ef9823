//! The threads of a room, the one with the newest event first.
//!
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidthreads>

use kith_store::{Direction, EventSid, Position, Read, tables::relations::THREAD_ORDER};
use ruma::RoomId;
use serde_json::value::RawValue;

use crate::{
    ReadError, Rooms,
    render::Form,
    tokens::{Token, UnknownToken},
    viewer::Viewer,
    visibility::Seen,
};

/// A page never has more threads than this, whatever the client asks for.
const PAGE_THREADS_MAX: usize = 100;
/// How many threads a page has if the client does not say.
pub const PAGE_THREADS_DEFAULT: usize = 20;
/// How many threads one request looks at, shown or not.
const THREADS_LOOKED_AT_MAX: usize = 2_000;
/// How many are judged at a time.
const BATCH_THREADS: usize = 32;

/// Which threads are wanted.
#[derive(Clone, Copy, Debug)]
pub struct ThreadsRequest {
    /// Where to start; without, at the newest.
    pub from: Option<Token>,
    /// How many at most.
    pub limit: usize,
    /// Only threads in which the viewer wrote.
    pub participated: bool,
}

/// A page of threads.
#[derive(Debug)]
pub struct ThreadsPage {
    /// The roots.
    pub chunk: Vec<Box<RawValue>>,
    /// Where to go on.
    pub next_batch: Option<Token>,
}

impl Rooms {
    /// `/threads`: the roots of a room's threads.
    pub fn threads(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        viewer: &Viewer,
        request: &ThreadsRequest,
    ) -> Result<ThreadsPage, ReadError> {
        let view = self.enter(read, room_id, viewer)?;
        let until = match request.from {
            None => Position::END,
            Some(Token::Stream(position)) => position,
            Some(Token::Gap(_)) => return Err(UnknownToken.into()),
        };
        let limit = request.limit.clamp(1, PAGE_THREADS_MAX);
        let (from, to) = ((view.room(), Position::START), (view.room(), until.next()));
        let mut rows = THREAD_ORDER.range(read, &from, &to, Direction::Backward);
        let mut page: Vec<Seen> = Vec::new();
        let mut next = None;
        let mut looked_at = 0;
        'page: while looked_at < THREADS_LOOKED_AT_MAX {
            let mut batch = Vec::with_capacity(BATCH_THREADS);
            for row in rows.by_ref().take(BATCH_THREADS) {
                let ((_, position, root), ()) = row?;
                batch.push((position, root));
            }
            if batch.is_empty() {
                next = None;
                break;
            }
            looked_at += batch.len();
            let roots: Vec<EventSid> = batch.iter().map(|(_, root)| *root).collect();
            for ((position, _), seen) in batch.iter().zip(view.look_past_ignoring(&roots)?) {
                if page.len() == limit {
                    break 'page;
                }
                // Everything from this thread on has been looked at; the next page starts below it.
                next = Some(Token::Stream(Position(position.0.saturating_sub(1))));
                let Some(seen) = seen else { continue };
                if !request.participated || view.participated(&seen)? {
                    page.push(seen);
                }
            }
        }
        Ok(ThreadsPage { chunk: view.render(page, Form::ALONE)?, next_batch: next })
    }
}
