//! Which events count as unread.

use kith_event::Pdu;
use ruma::events::TimelineEventType;
use serde::Deserialize;

#[derive(Deserialize)]
struct Relation {
    rel_type: Option<String>,
}

/// Whether an event notifies somebody who has the default push rules and is not its sender: rooms keep running counts
/// of these, so that one number is every reader's unread count. Who has rules of their own is counted apart.
///
/// The default rules notify of messages and encrypted events, of calls, and of the room's end; not of notices, not of
/// edits, not of reactions, members or other state.
/// <https://spec.matrix.org/v1.19/client-server-api/#predefined-rules>
pub fn countable(pdu: &Pdu) -> bool {
    match pdu.kind() {
        TimelineEventType::RoomMessage => !pdu.is_state() && !is_notice(pdu) && !is_edit(pdu),
        TimelineEventType::RoomEncrypted => !pdu.is_state() && !is_edit(pdu),
        TimelineEventType::CallInvite => !pdu.is_state(),
        TimelineEventType::RoomTombstone => pdu.state_key() == Some(""),
        _ => false,
    }
}

fn is_notice(pdu: &Pdu) -> bool {
    pdu.content_field::<String>("msgtype").as_deref() == Some("m.notice")
}

fn is_edit(pdu: &Pdu) -> bool {
    let relation = pdu.content_field::<Relation>("m.relates_to");
    relation.and_then(|relation| relation.rel_type).as_deref() == Some("m.replace")
}
