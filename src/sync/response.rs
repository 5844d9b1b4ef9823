//! The answer as it is written out. Events are ready pieces of JSON and go in as they are; ruma's typed response would
//! read each of them again.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync>

use std::collections::BTreeMap;

use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::streams::keys::KeyCounts;

/// The answer to a `/sync`.
#[derive(Debug, Default, Serialize)]
pub struct Response {
    /// Where the next `/sync` goes on.
    pub next_batch: String,
    /// The user's account data.
    #[serde(skip_serializing_if = "Events::is_empty")]
    pub account_data: Events,
    /// Who is online.
    #[serde(skip_serializing_if = "Events::is_empty")]
    pub presence: Events,
    /// Messages to the device.
    #[serde(skip_serializing_if = "Events::is_empty")]
    pub to_device: Events,
    /// Whose devices the client should ask for, and whose it may forget.
    #[serde(skip_serializing_if = "DeviceLists::is_empty")]
    pub device_lists: DeviceLists,
    /// How many keys of the device are left.
    #[serde(flatten)]
    pub key_counts: Option<KeyCounts>,
    /// The rooms.
    #[serde(skip_serializing_if = "Rooms::is_empty")]
    pub rooms: Rooms,
}

/// A list of events.
#[derive(Debug, Default, Serialize)]
pub struct Events {
    /// The events.
    pub events: Vec<Box<RawValue>>,
}

/// Whose devices changed.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeviceLists {
    /// Users whose devices or keys changed, or with whom the client shares an encrypted room anew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<OwnedUserId>,
    /// Users with whom the client shares no encrypted room any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<OwnedUserId>,
}

/// The rooms by what the user is to them.
#[derive(Debug, Default, Serialize)]
pub struct Rooms {
    /// Rooms the user is in.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub join: BTreeMap<OwnedRoomId, JoinedRoom>,
    /// Rooms the user is invited to.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub invite: BTreeMap<OwnedRoomId, InvitedRoom>,
    /// Rooms the user has knocked at.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub knock: BTreeMap<OwnedRoomId, KnockedRoom>,
    /// Rooms the user has left or was banned from.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub leave: BTreeMap<OwnedRoomId, LeftRoom>,
}

/// A room the user is in.
#[derive(Debug, Default, Serialize)]
pub struct JoinedRoom {
    /// Who is in the room, in short.
    pub summary: Summary,
    /// The state.
    #[serde(flatten)]
    pub state: State,
    /// The newest events.
    pub timeline: Timeline,
    /// What everybody here is to get for some time and is not in the timeline.
    #[serde(rename = "msc4354_sticky", skip_serializing_if = "Events::is_empty")]
    pub sticky: Events,
    /// Receipts and typing notices.
    pub ephemeral: Events,
    /// What the user keeps here about the room.
    pub account_data: Events,
    /// What the user has not read; of the main timeline alone, where threads are told apart.
    pub unread_notifications: UnreadNotifications,
    /// What the user has not read, by thread.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unread_thread_notifications: BTreeMap<OwnedEventId, UnreadNotifications>,
}

/// A room the user is invited to.
#[derive(Debug, Default, Serialize)]
pub struct InvitedRoom {
    /// What the user may know of the room.
    pub invite_state: Events,
}

/// A room the user has knocked at.
#[derive(Debug, Default, Serialize)]
pub struct KnockedRoom {
    /// What the user may know of the room.
    pub knock_state: Events,
}

/// A room the user has left or was banned from.
#[derive(Debug, Default, Serialize)]
pub struct LeftRoom {
    /// The state, as of when the user left.
    #[serde(flatten)]
    pub state: State,
    /// The last events the user may see.
    pub timeline: Timeline,
    /// What the user keeps here about the room.
    pub account_data: Events,
}

/// The state of a room, under the name that says as of when it is. Exactly one is there.
#[derive(Debug, Serialize)]
pub enum State {
    /// As of the start of the timeline.
    #[serde(rename = "state")]
    Before(Events),
    /// As of the end of the timeline.
    #[serde(rename = "state_after")]
    After(Events),
    /// As of the end of the timeline, under the name it had as a proposal.
    #[serde(rename = "org.matrix.msc4222.state_after")]
    AfterUnstable(Events),
}

/// The newest events of a room.
#[derive(Debug, Default, Serialize)]
pub struct Timeline {
    /// The events, oldest first.
    pub events: Vec<Box<RawValue>>,
    /// There is more between these events and what the client knows.
    pub limited: bool,
    /// From where `/messages` finds what came before these events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev_batch: Option<String>,
}

/// Who is in a room, in short.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// After whom to name the room.
    #[serde(rename = "m.heroes", skip_serializing_if = "Option::is_none")]
    pub heroes: Option<Vec<OwnedUserId>>,
    /// How many are in it.
    #[serde(rename = "m.joined_member_count", skip_serializing_if = "Option::is_none")]
    pub joined_member_count: Option<u64>,
    /// How many are invited.
    #[serde(rename = "m.invited_member_count", skip_serializing_if = "Option::is_none")]
    pub invited_member_count: Option<u64>,
}

/// How much the user has not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnreadNotifications {
    /// Of it, what speaks to the user.
    pub highlight_count: u64,
    /// How many events.
    pub notification_count: u64,
}

impl Response {
    /// Whether there is nothing to tell, so that waiting is better than answering.
    pub(crate) fn is_empty(&self) -> bool {
        self.account_data.is_empty()
            && self.presence.is_empty()
            && self.to_device.is_empty()
            && self.device_lists.is_empty()
            && self.rooms.is_empty()
    }
}

impl Events {
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

impl From<Vec<Box<RawValue>>> for Events {
    fn from(events: Vec<Box<RawValue>>) -> Self {
        Self { events }
    }
}

impl DeviceLists {
    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.left.is_empty()
    }
}

impl Rooms {
    pub(crate) fn is_empty(&self) -> bool {
        self.join.is_empty() && self.invite.is_empty() && self.knock.is_empty() && self.leave.is_empty()
    }
}

impl Default for State {
    fn default() -> Self {
        Self::Before(Events::default())
    }
}

impl State {
    /// The events, whatever their name.
    pub fn events(&self) -> &[Box<RawValue>] {
        match self {
            Self::Before(state) | Self::After(state) | Self::AfterUnstable(state) => &state.events,
        }
    }
}

impl Summary {
    pub(crate) fn is_empty(&self) -> bool {
        self.heroes.is_none() && self.joined_member_count.is_none() && self.invited_member_count.is_none()
    }
}

impl Timeline {
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && !self.limited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_answer_is_short_and_a_joined_room_is_whole() {
        let empty = Response { next_batch: "s".to_owned(), ..Response::default() };
        assert!(empty.is_empty());
        assert_eq!(serde_json::to_string(&empty).expect("writes"), r#"{"next_batch":"s"}"#);

        let room = JoinedRoom { state: State::AfterUnstable(Events::default()), ..JoinedRoom::default() };
        assert_eq!(
            serde_json::to_string(&room).expect("writes"),
            concat!(
                r#"{"summary":{},"org.matrix.msc4222.state_after":{"events":[]},"#,
                r#""timeline":{"events":[],"limited":false},"ephemeral":{"events":[]},"account_data":{"events":[]},"#,
                r#""unread_notifications":{"highlight_count":0,"notification_count":0}}"#
            )
        );
    }
}
