//! A room in short: name, topic, picture, who may join. For the room summary, the directory and space hierarchies.
//!
//! A summary belongs to a state and is kept under its root, so that a list of rooms does not read each one's state.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1room_summaryroomidoralias>

mod access;
mod contents;

use std::sync::Arc;

use kith_event::Pdu;
use kith_store::{
    Error, EventSid, Read, RoomSid,
    state::{RoomStates, StateRoot},
    tables::{
        members::{MEMBERSHIPS, Membership},
        rooms::Heads,
    },
};
use quick_cache::{Weighter, sync::Cache};
use ruma::{
    OwnedRoomId, OwnedServerName, RoomId, UInt,
    room::{JoinRuleSummary, RoomSummary},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::contents::{Contents, TYPES};
use crate::{ReadError, Rooms, viewer::Viewer};

/// How many bytes of summaries are kept.
const SUMMARIES_BYTES: u64 = 8 << 20;
/// What a summary is taken to weigh without its texts, in bytes.
const SUMMARY_BYTES: u64 = 512;

/// Summaries by state, without the number of members.
pub(crate) struct SummaryCache(Cache<(RoomSid, StateRoot), Arc<Ready>, ByTexts>);

struct Ready {
    summary: RoomSummary,
    /// The events that it was made from: after a redaction there are others under the same root, and it is not used.
    sources: Vec<(EventSid, Pdu)>,
}

#[derive(Clone)]
struct ByTexts;

impl Weighter<(RoomSid, StateRoot), Arc<Ready>> for ByTexts {
    fn weight(&self, _: &(RoomSid, StateRoot), ready: &Arc<Ready>) -> u64 {
        let sources: usize = ready.sources.iter().map(|(_, pdu)| pdu.memory_bytes()).sum();
        SUMMARY_BYTES + 2 * sources as u64
    }
}

impl Default for SummaryCache {
    fn default() -> Self {
        let entries = usize::try_from(SUMMARIES_BYTES / SUMMARY_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(entries, SUMMARIES_BYTES, ByTexts))
    }
}

/// A summary for one viewer.
#[derive(Clone, Debug)]
pub struct ViewedSummary {
    /// The room in short.
    pub summary: RoomSummary,
    /// What the viewer is to the room; nothing is said to strangers.
    pub membership: Option<Membership>,
}

impl Rooms {
    /// `/room_summary`: a room in short, for those who may know of it. A room that this server is not in is asked for
    /// at servers that are, if somebody with an account wants to know.
    pub async fn room_summary_across(
        self: &Arc<Self>,
        room_id: OwnedRoomId,
        mut via: Vec<OwnedServerName>,
        viewer: Viewer,
    ) -> Result<ViewedSummary, ReadError> {
        let (rooms, viewer) = (Arc::clone(self), Arc::new(viewer));
        let (asked, who) = (room_id.clone(), Arc::clone(&viewer));
        let here = self.tasks.blocking(move || {
            let room = rooms.store.ids().find_room(&asked)?;
            let is_here = room.map(|room| rooms.is_resident(room)).transpose()? == Some(true);
            Ok::<_, Error>((is_here, rooms.room_summary(&*rooms.store.read(), &asked, &who)))
        });
        let (is_here, known) = here.await?;
        if is_here || viewer.user.is_none() {
            return known;
        }
        via.extend(room_id.server_name().map(ToOwned::to_owned));
        let Some(told) = self.told_of(&room_id, &via, false).await else { return known };
        let rooms = Arc::clone(self);
        let told = self.tasks.blocking(move || {
            let read = rooms.store.read();
            let (may_know, membership) = rooms.may_know_of_told(&*read, &viewer, &told.summary)?;
            let membership = Some(membership.unwrap_or(Membership::Leave));
            Ok::<_, Error>(may_know.then(|| ViewedSummary { summary: told.summary.clone(), membership }))
        });
        told.await?.map_or(known, Ok)
    }

    /// `/room_summary` as far as this server knows.
    pub fn room_summary(
        &self,
        read: &dyn Read,
        room: &RoomId,
        viewer: &Viewer,
    ) -> Result<ViewedSummary, ReadError> {
        let absent = || ReadError::NotFound("room");
        let room = self.store.ids().find_room(room)?.ok_or_else(absent)?;
        let view = self.view(read, room, viewer)?;
        let membership = view.member().map(|member| member.membership);
        let summary = match view.heads() {
            Some(heads) => {
                let summary = self.summary(read, room, heads)?;
                if !view.may_know(&summary)? {
                    return Err(absent());
                }
                summary
            }
            // An invite or a knock to a room elsewhere: what this server was told is all there is.
            None => {
                let member = view.member().filter(|member| !member.forgotten).ok_or_else(absent)?;
                self.summary_of_stripped(room, member.stripped_state.as_deref().unwrap_or("[]"))?
            }
        };
        let membership = viewer.user.map(|_| membership.unwrap_or(Membership::Leave));
        Ok(ViewedSummary { summary, membership })
    }

    /// A room in short as it is now, whoever asks.
    pub fn summary(&self, read: &dyn Read, room: RoomSid, heads: &Heads) -> Result<RoomSummary, Error> {
        let mut summary = self.summary_at(read, room, heads.state)?;
        summary.num_joined_members = UInt::new_saturating(heads.joined);
        Ok(summary)
    }

    /// A room in short in one state; the number of members is left at 0.
    pub fn summary_at(&self, read: &dyn Read, room: RoomSid, root: StateRoot) -> Result<RoomSummary, Error> {
        let cache = &self.reading.summaries.0;
        if let Some(ready) = cache.get(&(room, root))
            && self.is_fresh(&ready)?
        {
            return Ok(ready.summary.clone());
        }
        let states = RoomStates::new(read, room, self.store.state_cache());
        let mut keys = Vec::new();
        for kind in TYPES {
            keys.extend(self.store.ids().find_state_key(kind, "")?);
        }
        let mut sources = Vec::new();
        let mut contents = Contents::default();
        for event in states.get_many(root, &keys)?.into_iter().flatten() {
            let pdu = self.pdu(event)?;
            contents.set(&pdu.kind_text(), pdu.content_text());
            sources.push((event, pdu));
        }
        let mut summary = contents.summarize(self.store.ids().room_id(room)?);
        summary.room_version = Some(self.room_of(room)?.version.id().clone());
        cache.insert((room, root), Arc::new(Ready { summary: summary.clone(), sources }));
        Ok(summary)
    }

    fn is_fresh(&self, ready: &Ready) -> Result<bool, Error> {
        for (event, pdu) in &ready.sources {
            // One and the same text in memory, not an equal one: that costs nothing to find out.
            if !std::ptr::eq(self.pdu(*event)?.json(), pdu.json()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What can be told of a room by its stripped state, a JSON array.
    pub fn summary_of_stripped(&self, room: RoomSid, stripped: &str) -> Result<RoomSummary, Error> {
        #[derive(Deserialize)]
        struct Stripped {
            #[serde(rename = "type")]
            kind: String,
            #[serde(default)]
            state_key: String,
            content: Box<RawValue>,
        }
        let events: Vec<Box<RawValue>> = serde_json::from_str(stripped).unwrap_or_default();
        let mut contents = Contents::default();
        for event in events.iter().filter_map(|event| serde_json::from_str::<Stripped>(event.get()).ok()) {
            if event.state_key.is_empty() {
                contents.set(&event.kind, event.content.get());
            }
        }
        Ok(contents.summarize(self.store.ids().room_id(room)?))
    }

    /// Whether a user is in any of these rooms.
    pub(crate) fn is_in_any(
        &self,
        read: &dyn Read,
        viewer: &Viewer,
        rooms: &[OwnedRoomId],
    ) -> Result<bool, Error> {
        let Some(user) = viewer.user else { return Ok(false) };
        let mut keys = Vec::new();
        for room in rooms {
            keys.extend(self.store.ids().find_room(room)?.map(|room| (user, room)));
        }
        let records = MEMBERSHIPS.get_many(read, &keys)?;
        Ok(records.into_iter().flatten().any(|record| record.membership == Membership::Join))
    }
}

/// Whether anybody may ask to come in.
pub(crate) fn is_open(summary: &RoomSummary) -> bool {
    matches!(
        summary.join_rule,
        JoinRuleSummary::Public | JoinRuleSummary::Knock | JoinRuleSummary::KnockRestricted(_)
    )
}
