//! What push conditions ask of a room: its size, the reader's name in it, and who may notify everybody.

use std::sync::Arc;

use kith_rooms::{room::Room, room_state::State};
use kith_store::RoomSid;
use ruma::{
    Int, UserId,
    events::StateEventType,
    power_levels::NotificationPowerLevels,
    push::{PushConditionPowerLevelsCtx, PushConditionRoomCtx},
    room_version_rules::RoomPowerLevelsRules,
};

use crate::{Push, thread_rules::knowing_threads};

impl Push {
    /// The context for one reader of one room, by the room's current state.
    pub(crate) fn context(
        &self,
        room: RoomSid,
        user_id: &UserId,
        joined: u64,
    ) -> Result<PushConditionRoomCtx, kith_store::Error> {
        let state = self.rooms.current_state(room)?;
        let member = state.get(&StateEventType::RoomMember, user_id.as_str())?;
        let name = member
            .and_then(|event| event.content_field::<String>("displayname"))
            .unwrap_or_else(|| user_id.localpart().to_owned());
        let (sid, room) = (room, self.rooms.room_of(room)?);
        let members = u32::try_from(joined).unwrap_or(u32::MAX).into();
        let mut context = PushConditionRoomCtx::new(room.id.clone(), members, user_id.to_owned(), name);
        context.power_levels = Some(self.power_levels(&room, &state)?);
        if self.rooms.has_thread_subscriptions()
            && let Some(user) = self.store.ids().find_user(user_id)?
        {
            context = knowing_threads(context, Arc::clone(&self.store), user, sid);
        }
        Ok(context)
    }

    fn power_levels(
        &self,
        room: &Room,
        state: &State<'_>,
    ) -> Result<PushConditionPowerLevelsCtx, kith_store::Error> {
        let levels = state.get(&StateEventType::RoomPowerLevels, "")?;
        let users_default =
            levels.and_then(|event| event.content_field::<Int>("users_default")).unwrap_or_default();
        let powers = state.powers()?;
        Ok(PushConditionPowerLevelsCtx::new(
            powers.named_users().into_iter().collect(),
            users_default,
            NotificationPowerLevels { room: powers.notification_level("room") },
            RoomPowerLevelsRules::new(&room.version.rules().authorization, powers.creators().iter().cloned()),
        ))
    }
}
