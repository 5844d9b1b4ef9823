//! `invite` and `knock`: rooms the user is not in, with the little that he may know of them.
//! <https://spec.matrix.org/v1.19/client-server-api/#stripped-state>

use kith_store::{Error, tables::members::MembershipRecord};
use serde_json::value::RawValue;

use crate::{
    moment::Moment,
    response::{Events, InvitedRoom, KnockedRoom},
    selection::Outside,
};

impl Moment<'_> {
    /// An invited room; none if it is somebody who invites from whom the user does not want to hear.
    pub(crate) fn invited_room(&self, outside: &Outside) -> Result<Option<InvitedRoom>, Error> {
        if self.rooms().hides_invite_of(self.viewer, outside.record.sender)? {
            return Ok(None);
        }
        Ok(Some(InvitedRoom { invite_state: stripped_state(&outside.record) }))
    }

    /// A room the user has knocked at.
    pub(crate) fn knocked_room(&self, outside: &Outside) -> KnockedRoom {
        KnockedRoom { knock_state: stripped_state(&outside.record) }
    }
}

/// The state came from another server, maybe: if it makes no sense it is left away, and nothing else suffers.
pub(crate) fn stripped_state(record: &MembershipRecord) -> Events {
    let text = record.stripped_state.as_deref().unwrap_or("[]");
    let events: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap_or_default();
    events.into_iter().filter(|event| event.get().starts_with('{')).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use kith_store::{EventSid, Position, UserSid, tables::members::Membership};

    use super::*;

    #[test]
    fn senseless_state_is_left_away() {
        let check = |state: Option<&str>, expected: usize| {
            let record = MembershipRecord {
                membership: Membership::Invite,
                event: EventSid(1),
                position: Position(1),
                sender: UserSid(1),
                forgotten: false,
                stripped_state: state.map(str::to_owned),
                was_joined: false,
                is_direct: false,
            };
            assert_eq!(stripped_state(&record).events.len(), expected, "{state:?}");
        };
        check(None, 0);
        check(Some(r#"[{"type":"m.room.name"},7,null]"#), 1);
        check(Some(r#"{"type":"m.room.name"}"#), 0);
        check(Some("[{"), 0);
    }
}
