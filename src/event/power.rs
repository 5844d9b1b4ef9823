//! Power: how much each user has and how much each act needs, by room version.
//!
//! Whether an event is allowed is decided in `auth`; this is for everyone else who has to know about power.
//! <https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels>

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use ruma::{
    Int, OwnedUserId, UserId,
    events::{TimelineEventType, room::power_levels::UserPowerLevel},
    state_res::events::{RoomCreateEvent, RoomPowerLevelsEvent, RoomPowerLevelsIntField},
};

use crate::{Pdu, RoomVersion};

/// Power of a creator in the room versions where creators are not privileged, before there is a power level event.
const CREATOR_POWER: i32 = 100;

/// Power that a client needs to upgrade a room whose creators are privileged: more than anybody is given by default.
pub const TOMBSTONE_POWER: i32 = 150;

/// Who may do what in one state of a room.
#[derive(Debug)]
pub struct Powers {
    room_version: &'static RoomVersion,
    creators: HashSet<OwnedUserId>,
    levels: Option<RoomPowerLevelsEvent<Pdu>>,
}

impl Powers {
    /// Reads a state's `m.room.create` and, if it has one, its `m.room.power_levels` event.
    pub fn new(create: &Pdu, power_levels: Option<&Pdu>) -> Self {
        Self {
            room_version: create.room_version(),
            creators: creators(create),
            levels: power_levels.cloned().map(RoomPowerLevelsEvent::new),
        }
    }

    /// The power of a user. Comparable with the levels below; a privileged creator's is above all of them.
    pub fn of(&self, user: &UserId) -> UserPowerLevel {
        if self.room_version.creators_are_privileged() && self.creators.contains(user) {
            return UserPowerLevel::Infinite;
        }
        let level = match &self.levels {
            Some(levels) => levels.user_power_level(user, self.room_version.auth()).unwrap_or_default(),
            None if self.creators.contains(user) => Int::from(CREATOR_POWER),
            None => Int::default(),
        };
        UserPowerLevel::Int(level)
    }

    /// The power needed to send an event of this type.
    pub fn needed_for(&self, kind: &TimelineEventType, is_state: bool) -> Int {
        let default = if is_state {
            RoomPowerLevelsIntField::StateDefault
        } else {
            RoomPowerLevelsIntField::EventsDefault
        };
        match &self.levels {
            Some(levels) => levels
                .event_power_level(kind, is_state.then_some(""), self.room_version.auth())
                .unwrap_or_else(|_| default.default_value()),
            None => default.default_value(),
        }
    }

    /// Whether a user has the power to send an event of this type.
    pub fn may_send(&self, user: &UserId, kind: &TimelineEventType, is_state: bool) -> bool {
        self.of(user) >= self.needed_for(kind, is_state)
    }

    /// The power needed to invite.
    pub fn invite_level(&self) -> Int {
        self.level(RoomPowerLevelsIntField::Invite)
    }

    /// The power needed to kick.
    pub fn kick_level(&self) -> Int {
        self.level(RoomPowerLevelsIntField::Kick)
    }

    /// The power needed to ban.
    pub fn ban_level(&self) -> Int {
        self.level(RoomPowerLevelsIntField::Ban)
    }

    /// The power needed to redact what others sent.
    pub fn redact_level(&self) -> Int {
        self.level(RoomPowerLevelsIntField::Redact)
    }

    /// The power needed to notify the whole room (`notifications.room` and its like).
    pub fn notification_level(&self, name: &str) -> Int {
        let levels =
            self.levels.as_ref().and_then(|levels| levels.notifications(self.room_version.auth()).ok());
        levels.flatten().and_then(|levels| levels.get(name).copied()).unwrap_or_else(|| Int::from(50))
    }

    /// The creators of the room.
    pub fn creators(&self) -> &HashSet<OwnedUserId> {
        &self.creators
    }

    /// The users that the power level event names, with what it gives them.
    pub fn named_users(&self) -> Vec<(OwnedUserId, Int)> {
        let users =
            self.levels.as_ref().and_then(|levels| levels.users(self.room_version.auth()).ok().flatten());
        users.into_iter().flatten().map(|(user, level)| (user.clone(), *level)).collect()
    }

    fn level(&self, field: RoomPowerLevelsIntField) -> Int {
        match &self.levels {
            Some(levels) => levels
                .get_as_int_or_default(field, self.room_version.auth())
                .unwrap_or_else(|_| field.default_value()),
            None => field.default_value(),
        }
    }
}

/// The creators of the room that this `m.room.create` event founds.
pub fn creators(create: &Pdu) -> HashSet<OwnedUserId> {
    let event = RoomCreateEvent::new(create.clone());
    event.creators(create.room_version().auth()).unwrap_or_default()
}
