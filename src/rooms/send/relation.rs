//! What local users may relate to what: rules for clients, which other servers' events need not follow.
//! <https://spec.matrix.org/v1.19/client-server-api/#forming-relationships-between-events>

use kith_accounts::Requester;
use kith_store::{Direction, tables::relations::RELATIONS};
use serde::Deserialize;

use super::{NewMessage, SendError};
use crate::commit::{RelatesTo, RoomWrite};

#[derive(Deserialize)]
struct Content {
    #[serde(rename = "m.relates_to")]
    relates_to: Option<Relation>,
}

#[derive(Deserialize)]
struct Relation {
    rel_type: Option<String>,
    event_id: Option<String>,
    key: Option<String>,
}

/// How many of an event's newest relations are searched for a reaction like the one that is sent.
const SEARCHED_MAX: usize = 5_000;

/// A reaction is sent once; a thread does not begin inside another.
pub(super) fn check(
    write: &RoomWrite<'_>,
    requester: &Requester,
    message: &NewMessage,
) -> Result<(), SendError> {
    let Ok(Content { relates_to: Some(relation) }) = serde_json::from_str(message.content.get()) else {
        return Ok(());
    };
    let parent = relation.event_id.and_then(|event_id| ruma::EventId::parse(event_id).ok());
    let Some(parent) = parent else { return Ok(()) };
    let Some(parent) = write.rooms.store.ids().find_event(&parent)? else { return Ok(()) };
    match (relation.rel_type.as_deref(), relation.key) {
        (Some("m.annotation"), Some(key)) => {
            let rows = RELATIONS.scan(write.rooms.store.engine(), &parent, Direction::Backward);
            for row in rows.take(SEARCHED_MAX) {
                let (_, record) = row?;
                let same = record.sender == requester.user
                    && record.rel_type == "m.annotation"
                    && record.key.as_ref() == Some(&key)
                    && record.kind == message.kind.to_string();
                if same {
                    return Err(SendError::DuplicateReaction);
                }
            }
            Ok(())
        }
        (Some("m.thread"), _) => match write.find_pdu(parent)? {
            Some(root) if RelatesTo::of(&root).is_some() => Err(SendError::ThreadInThread),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}
