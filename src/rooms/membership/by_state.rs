//! Member events that clients send as plain state: they meet the same rules as the verbs.

use kith_accounts::Requester;
use kith_store::tables::members::Membership;
use ruma::{OwnedUserId, UserId};
use serde_json::{Map, Value, value::RawValue};

use super::{MembershipError, join, restricted};
use crate::{WriteError, acting::content, commit::RoomWrite, invite_rules::check_invitee, send::NewState};

/// A member event on its way in as state.
pub(crate) struct StateMembership {
    target: OwnedUserId,
    membership: Membership,
    own: bool,
}

impl StateMembership {
    pub(crate) fn read(requester: &Requester, state: &NewState) -> Result<Self, MembershipError> {
        let malformed = |what: &str| MembershipError::Malformed(what.to_owned());
        let target = UserId::parse(state.state_key.as_str())
            .map_err(|_| malformed("the state key of a member event is a user id"))?;
        let fields: Map<String, Value> = serde_json::from_str(state.content.get())
            .map_err(|_| malformed("the content is not an object"))?;
        let membership = fields.get("membership").and_then(Value::as_str).and_then(Membership::parse);
        let membership =
            membership.ok_or_else(|| malformed("membership is join, invite, knock, leave or ban"))?;
        let own = target == requester.user_id;
        Ok(Self { target, membership, own })
    }

    /// Somebody leaves: that is never forbidden to suspended users.
    pub(crate) fn is_own_leave(&self) -> bool {
        self.own && self.membership == Membership::Leave
    }

    /// Checks what the verb would check, and adds what it would add.
    pub(crate) fn complete(
        &self,
        write: &RoomWrite<'_>,
        requester: &Requester,
        given: Box<RawValue>,
    ) -> Result<Box<RawValue>, MembershipError> {
        let here = write.membership(&requester.user_id)? == Some(Membership::Join);
        match self.membership {
            Membership::Join if self.own && !here => {
                let Some(authoriser) = join::check(write, requester)? else { return Ok(given) };
                let mut fields: Map<String, Value> = serde_json::from_str(given.get())
                    .map_err(|error| WriteError::Malformed(error.to_string()))?;
                fields.insert(restricted::AUTHORISER.to_owned(), authoriser.as_str().into());
                Ok(content(&fields)?)
            }
            Membership::Invite => {
                check_invitee(write.rooms, &requester.user_id, &self.target)?;
                Ok(given)
            }
            Membership::Leave
                if self.own
                    && write.membership(&self.target)? == Some(Membership::Invite)
                    && write.rooms.is_notices_room(write.room.sid)? =>
            {
                Err(MembershipError::NoticesRoom)
            }
            _ => Ok(given),
        }
    }
}
