//! What push conditions ask of a room: its size, the reader's name in it, and who may notify everybody.

use kith_rooms::{room::Room, room_state::State};
use kith_store::{Error, RoomSid};
use ruma::{
    Int, UserId,
    events::StateEventType,
    power_levels::NotificationPowerLevels,
    push::{PushConditionPowerLevelsCtx, PushConditionRoomCtx},
    room_version_rules::RoomPowerLevelsRules,
};

use crate::{Push, thread_rules::knowing_threads};

/// The context of one room, for one reader after the other: what is the same for all of them is made once.
pub(crate) struct RoomContext<'a> {
    push: &'a Push,
    sid: RoomSid,
    room: Room,
    state: State<'a>,
    joined: u64,
    made: Option<PushConditionRoomCtx>,
}

impl Push {
    /// The context of a room with so many members, by its current state.
    pub(crate) fn room_context(&self, room: RoomSid, joined: u64) -> Result<RoomContext<'_>, Error> {
        // Servers of whose users none is known yet have one at least: a large room does not look like a chat of two.
        let joined = joined.saturating_add(self.rooms.servers_only_said(room)?);
        let (sid, state) = (room, self.rooms.current_state(room)?);
        let room = self.rooms.room_of(sid)?;
        Ok(RoomContext { push: self, sid, room, state, joined, made: None })
    }
}

impl RoomContext<'_> {
    /// The context for one reader.
    pub(crate) fn of(&mut self, user_id: &UserId) -> Result<&PushConditionRoomCtx, Error> {
        let member = self.state.get(&StateEventType::RoomMember, user_id.as_str())?;
        let name = member
            .and_then(|event| event.content_field::<String>("displayname"))
            .unwrap_or_else(|| user_id.localpart().to_owned());
        let mut context = match self.made.take() {
            Some(made) => made,
            None => {
                let members = u32::try_from(self.joined).unwrap_or(u32::MAX).into();
                let mut context = PushConditionRoomCtx::new(
                    self.room.id.clone(),
                    members,
                    user_id.to_owned(),
                    String::new(),
                );
                context.power_levels = Some(self.power_levels()?);
                context
            }
        };
        user_id.clone_into(&mut context.user_id);
        context.user_display_name = name;
        let context = knowing_threads(context, &self.push.store, user_id, self.sid);
        Ok(self.made.insert(context))
    }

    fn power_levels(&self) -> Result<PushConditionPowerLevelsCtx, Error> {
        let levels = self.state.get(&StateEventType::RoomPowerLevels, "")?;
        let users_default =
            levels.and_then(|event| event.content_field::<Int>("users_default")).unwrap_or_default();
        let powers = self.state.powers()?;
        let rules = &self.room.version.rules().authorization;
        Ok(PushConditionPowerLevelsCtx::new(
            powers.named_users().into_iter().collect(),
            users_default,
            NotificationPowerLevels { room: powers.notification_level("room") },
            RoomPowerLevelsRules::new(rules, powers.creators().iter().cloned()),
        ))
    }
}
