//! The stripped state that somebody who is invited, or knocks, is shown of the room.

use kith_event::{Pdu, client_format::stripped_state};
use kith_store::{Error, state::StateRoot};
use ruma::events::StateEventType;

use super::RoomWrite;

/// What of a room is shown to those who are not in it yet.
/// <https://spec.matrix.org/v1.19/client-server-api/#stripped-state>
pub(crate) const STRIPPED_TYPES: [StateEventType; 7] = [
    StateEventType::RoomCreate,
    StateEventType::RoomJoinRules,
    StateEventType::RoomCanonicalAlias,
    StateEventType::RoomAvatar,
    StateEventType::RoomEncryption,
    StateEventType::RoomName,
    StateEventType::RoomTopic,
];

impl RoomWrite<'_> {
    /// The room for the user of a member event: its face, whoever sent the member event, and the event itself. As a
    /// JSON array.
    pub(super) fn stripped_state(&self, root: StateRoot, member: &Pdu) -> Result<String, Error> {
        let mut texts = Vec::new();
        for kind in STRIPPED_TYPES {
            if let Some(pdu) = self.state_pdu(root, &kind, "")? {
                texts.push(stripped_state(&pdu));
            }
        }
        if member.state_key() != Some(member.sender().as_str())
            && let Some(sender) =
                self.state_pdu(root, &StateEventType::RoomMember, member.sender().as_str())?
        {
            texts.push(stripped_state(&sender));
        }
        texts.push(stripped_state(member));
        Ok(format!("[{}]", texts.join(",")))
    }
}
