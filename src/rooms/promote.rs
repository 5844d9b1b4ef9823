//! Making somebody an administrator of a room that this server's users run: for the server's operator.

use kith_accounts::Requester;
use kith_store::tables::members::Membership;
use ruma::{
    Int, OwnedUserId, RoomId, UserId,
    events::{StateEventType, TimelineEventType, room::power_levels::UserPowerLevel},
};
use serde_json::{Map, Value};

use crate::{
    Rooms, WriteError,
    acting::content,
    create::CREATOR_LEVEL,
    membership::MembershipError,
    room::Room,
    send::{NewState, SendError},
};

impl Rooms {
    /// Gives a user as much power in a room as the most powerful of this server's users there can give, and invites
    /// them if they could not get in otherwise.
    pub fn make_admin(&self, room_id: &RoomId, target: &UserId) -> Result<(), SendError> {
        let room = self.room(room_id)?.ok_or(MembershipError::UnknownRoom)?;
        let (giver, level) = self.most_powerful(&room)?;
        let state = self.current_state(room.sid)?;
        let levels: Option<Map<String, Value>> = state.content(&StateEventType::RoomPowerLevels)?;
        let mut levels = levels.unwrap_or_default();
        let users = levels.entry("users").or_insert_with(|| Map::new().into());
        let powers = state.powers()?;
        if powers.of(target) < UserPowerLevel::from(level)
            && let Some(users) = users.as_object_mut()
        {
            users.insert(target.to_string(), i64::from(level).into());
            let state = NewState {
                kind: StateEventType::RoomPowerLevels,
                state_key: String::new(),
                content: content(&levels)?,
                timestamp_ms: None,
            };
            self.send_state(&giver, room_id, state)?;
        }
        let rule = state.get(&StateEventType::RoomJoinRules, "")?;
        let rule = rule.and_then(|pdu| pdu.content_field::<String>("join_rule"));
        let inside = matches!(state.membership(target)?, Some(Membership::Join | Membership::Invite));
        if !inside && rule.as_deref() != Some("public") {
            self.invite(&giver, room_id, target, None)?;
        }
        Ok(())
    }

    /// Who of this server's users in a room may change its power levels and has most power, and how much they can give.
    fn most_powerful(&self, room: &Room) -> Result<(Requester, Int), SendError> {
        let powers = self.current_state(room.sid)?.powers()?;
        let mut best: Option<(UserPowerLevel, Requester)> = None;
        for user in self.local_joined(room.sid)?.iter() {
            let user_id: OwnedUserId = self.store.ids().user_id(*user)?;
            let power = powers.of(&user_id);
            let more = best.as_ref().is_none_or(|(most, _)| power > *most);
            if more
                && powers.may_send(&user_id, &TimelineEventType::RoomPowerLevels, true)
                && let Some(requester) = self.accounts.later_requester(*user, None)?
            {
                best = Some((power, requester));
            }
        }
        let nobody = || WriteError::refused("no user of this server in the room has the power to do so");
        let (power, giver) = best.ok_or_else(nobody)?;
        let level = match power {
            UserPowerLevel::Int(level) => level,
            // What its creators have cannot be given away.
            _ => Int::try_from(CREATOR_LEVEL).unwrap_or_default(),
        };
        Ok((giver, level))
    }
}
