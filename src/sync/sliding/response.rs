//! The answer as it is written out; events are ready pieces of JSON and go in as they are.

use std::collections::BTreeMap;

use kith_store::EventSid;
use ruma::{OwnedRoomId, OwnedUserId};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    response::{DeviceLists, Events},
    streams::{keys::KeyCounts, thread_subscriptions::SubscriptionsPage},
};

/// The answer to a sliding sync.
#[derive(Debug, Default, Serialize)]
pub struct SlidingResponse {
    /// Where the next request goes on.
    pub pos: String,
    /// What the client called the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub txn_id: Option<String>,
    /// How long each list is.
    pub lists: BTreeMap<String, List>,
    /// The rooms that have something new.
    pub rooms: BTreeMap<OwnedRoomId, Room>,
    /// What was wanted besides rooms.
    pub extensions: Extensions,
}

/// How long a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct List {
    /// How many rooms are in it.
    pub count: usize,
}

/// A room that has something new.
#[derive(Debug, Default, Serialize)]
pub struct Room {
    /// The name, if it has one or had one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The picture; `null` where it was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Option<String>>,
    /// After whom to name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heroes: Option<Vec<Hero>>,
    /// Whether it is a direct chat.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_dm: bool,
    /// Whether this is everything, and not what changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub initial: bool,
    /// Whether the timeline reaches further back than what the client knows already.
    #[serde(rename = "unstable_expanded_timeline", skip_serializing_if = "std::ops::Not::not")]
    pub expanded_timeline: bool,
    /// For invites and knocks: what the user may know of the room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite_state: Option<Vec<Box<RawValue>>>,
    /// The state that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_state: Option<Vec<Box<RawValue>>>,
    /// The newest events, oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Vec<Box<RawValue>>>,
    /// The events of the timeline.
    #[serde(skip)]
    pub(crate) shown: Vec<EventSid>,
    /// From where `/messages` finds what came before these events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev_batch: Option<String>,
    /// There is more between these events and what the client knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limited: Option<bool>,
    /// How many of the events have just happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_live: Option<u64>,
    /// How many are in the room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_count: Option<u64>,
    /// How many are invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited_count: Option<u64>,
    /// How many events the user has not read.
    pub notification_count: u64,
    /// Of those, how many speak to the user.
    pub highlight_count: u64,
    /// By which the client sorts its rooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bump_stamp: Option<u64>,
}

/// A member after whom a room is named.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Hero {
    /// The user.
    pub user_id: OwnedUserId,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub displayname: Option<String>,
    /// The picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

/// What was wanted besides rooms.
#[derive(Debug, Default, Serialize)]
pub struct Extensions {
    /// Messages to the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_device: Option<ToDevice>,
    /// Whose devices changed, and how many keys are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e2ee: Option<E2ee>,
    /// Account data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_data: Option<AccountData>,
    /// Receipts by room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipts: Option<ByRoom>,
    /// Typing notices by room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing: Option<ByRoom>,
    /// Subscriptions to threads.
    #[serde(rename = "io.element.msc4308.thread_subscriptions", skip_serializing_if = "Option::is_none")]
    pub thread_subscriptions: Option<SubscriptionsPage>,
    /// What everybody in a room is to get for some time.
    #[serde(rename = "org.matrix.msc4354.sticky_events", skip_serializing_if = "Option::is_none")]
    pub sticky_events: Option<StickyEvents>,
}

/// Sticky events.
#[derive(Debug, Default, Serialize)]
pub struct StickyEvents {
    /// Where the next request goes on.
    pub next_batch: String,
    /// The events that are not in the timelines of the same answer, by room, oldest first.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rooms: BTreeMap<OwnedRoomId, Events>,
}

/// Messages to the device.
#[derive(Debug, Default, Serialize)]
pub struct ToDevice {
    /// What the client says once it has got these messages.
    pub next_batch: String,
    /// The messages, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Box<RawValue>>,
}

/// Whose devices changed, and how many keys are left.
#[derive(Debug, Default, Serialize)]
pub struct E2ee {
    /// Whose devices changed.
    #[serde(skip_serializing_if = "DeviceLists::is_empty")]
    pub device_lists: DeviceLists,
    /// How many keys of the device are left. Told each time, and no reason to answer.
    #[serde(flatten)]
    pub key_counts: Option<KeyCounts>,
}

/// Account data.
#[derive(Debug, Default, Serialize)]
pub struct AccountData {
    /// Of no room.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub global: Vec<Box<RawValue>>,
    /// By room.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rooms: BTreeMap<OwnedRoomId, Vec<Box<RawValue>>>,
}

/// One event for each room.
#[derive(Debug, Default, Serialize)]
pub struct ByRoom {
    /// The events.
    pub rooms: BTreeMap<OwnedRoomId, Box<RawValue>>,
}

impl SlidingResponse {
    /// Whether there is nothing to tell, so that waiting is better than answering.
    pub(super) fn is_empty(&self) -> bool {
        self.rooms.is_empty() && self.extensions.is_empty()
    }
}

impl Extensions {
    fn is_empty(&self) -> bool {
        self.to_device.as_ref().is_none_or(|to_device| to_device.events.is_empty())
            && self.e2ee.as_ref().is_none_or(|e2ee| e2ee.device_lists.is_empty())
            && self.account_data.as_ref().is_none_or(|data| data.global.is_empty() && data.rooms.is_empty())
            && self.receipts.as_ref().is_none_or(|receipts| receipts.rooms.is_empty())
            && self.typing.as_ref().is_none_or(|typing| typing.rooms.is_empty())
            && self.thread_subscriptions.as_ref().is_none_or(SubscriptionsPage::is_empty)
            && self.sticky_events.as_ref().is_none_or(|sticky| sticky.rooms.is_empty())
    }
}
