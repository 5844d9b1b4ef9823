//! What administrators tell users in the name of this server.

mod send_server_notice;
mod send_server_notice_once;

use kith_api_common::{ApiError, Call, Router};
use kith_rooms::notices::Notice;
use ruma::OwnedUserId;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(send_server_notice::handler).endpoint(send_server_notice_once::handler)
}

/// What is said to whom.
#[derive(Deserialize)]
pub(crate) struct NewNotice {
    user_id: OwnedUserId,
    content: Box<RawValue>,
    #[serde(rename = "type")]
    kind: Option<String>,
    state_key: Option<String>,
}

fn send(call: &Call, new: NewNotice, transaction_id: Option<String>) -> Result<Value, ApiError> {
    call.admin()?;
    if !new.content.get().starts_with('{') {
        return Err(ApiError::bad_json("content is not an object"));
    }
    let kind = new.kind.unwrap_or_else(|| "m.room.message".to_owned());
    let notice = Notice { kind, state_key: new.state_key, content: new.content, transaction_id };
    let event_id = call.app.rooms.send_notice(&new.user_id, notice)?;
    Ok(json!({ "event_id": event_id }))
}
