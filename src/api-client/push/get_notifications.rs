//! `GET /_matrix/client/v3/notifications` — the events a user was notified of.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3notifications>

use kith_api_common::{ApiError, Call};
use kith_push::Notified;
use kith_store::Position;
use ruma::{
    MilliSecondsSinceUnixEpoch, UInt,
    api::client::push::get_notifications::v3::{Notification, Request, Response},
};

/// How many notifications a page has unless the client says otherwise.
const PAGE_DEFAULT: usize = 20;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    let from = match request.from.as_deref() {
        None => None,
        Some(token) => {
            let position = token.strip_prefix('n').and_then(|number| number.parse().ok());
            Some(Position(
                position.ok_or_else(|| ApiError::invalid_param("from is not a token of this server"))?,
            ))
        }
    };
    let limit =
        request.limit.and_then(|limit| usize::try_from(u64::from(limit)).ok()).unwrap_or(PAGE_DEFAULT);
    let only_highlights = request.only.as_deref() == Some("highlight");
    let page = call.app.push.notifications(requester, from, limit, only_highlights)?;
    let notifications = page.notifications.into_iter().map(|notified| shape(call, notified));
    Ok(Response {
        next_token: page.next.map(|position| format!("n{}", position.0)),
        notifications: notifications.collect::<Result<_, _>>()?,
    })
}

fn shape(call: &Call, notified: Notified) -> Result<Notification, ApiError> {
    let event = call.app.rooms.render_for(call.requester()?, notified.room, notified.event)?;
    Ok(Notification {
        actions: notified.actions,
        event: ruma::serde::Raw::from_json(event),
        profile_tag: None,
        read: notified.read,
        room_id: call.app.store.ids().room_id(notified.room)?,
        ts: MilliSecondsSinceUnixEpoch(UInt::new_saturating(notified.timestamp_ms)),
    })
}
