//! Rooms as the server's operator sees them: which there are, and what they are in short.

use kith_store::{
    Direction, Error, RoomSid,
    tables::{
        aliases::PUBLISHED,
        rooms::{ROOM_HEADS, ROOMS},
    },
};
use ruma::{OwnedRoomId, OwnedUserId, RoomId, events::StateEventType};
use serde::Deserialize;

use crate::{Rooms, publication::OWN_LIST};

/// A room in short.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The room.
    pub room: RoomSid,
    /// Its name.
    pub room_id: OwnedRoomId,
    /// What it is called.
    pub name: Option<String>,
    /// What it is about.
    pub topic: Option<String>,
    /// Its picture.
    pub avatar_url: Option<String>,
    /// The alias it goes by.
    pub canonical_alias: Option<String>,
    /// How many members it has.
    pub joined: u64,
    /// How many of them are this server's.
    pub joined_here: usize,
    /// Its version.
    pub version: String,
    /// Who made it.
    pub creator: OwnedUserId,
    /// How it is encrypted, if it is.
    pub encryption: Option<String>,
    /// Whether other servers may be in it.
    pub federatable: bool,
    /// Whether it is in this server's directory.
    pub published: bool,
    /// Who may join.
    pub join_rule: Option<String>,
    /// Whether guests may.
    pub guest_access: Option<String>,
    /// Who may read what was said.
    pub history_visibility: Option<String>,
    /// How many state events it has.
    pub state_events: u64,
    /// What kind of room it is.
    pub room_type: Option<String>,
    /// Which room has taken its place.
    pub replacement: Option<OwnedRoomId>,
    /// Whether it has come to an end.
    pub ended: bool,
    /// Whether the operator has closed it.
    pub blocked: bool,
}

/// The fields of state events that an overview is made of, whichever event they stand in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    name: Option<String>,
    topic: Option<String>,
    url: Option<String>,
    alias: Option<String>,
    algorithm: Option<String>,
    join_rule: Option<String>,
    guest_access: Option<String>,
    history_visibility: Option<String>,
    replacement_room: Option<OwnedRoomId>,
    #[serde(rename = "type")]
    room_type: Option<String>,
    #[serde(rename = "m.federate")]
    federate: Option<bool>,
}

impl Rooms {
    /// Every room that this server takes part in, or did.
    pub fn overviews(&self) -> Result<Vec<Overview>, Error> {
        let mut overviews = Vec::new();
        for row in ROOM_HEADS.scan(self.store.engine(), &(), Direction::Forward) {
            let (room, _) = row?;
            overviews.push(self.overview_of(room)?);
        }
        Ok(overviews)
    }

    /// A room in short; none that this server never took part in.
    pub fn overview(&self, room_id: &RoomId) -> Result<Option<Overview>, Error> {
        let Some(room) = self.store.ids().find_room(room_id)? else { return Ok(None) };
        match self.find_heads(room)? {
            Some(_) => self.overview_of(room).map(Some),
            None => Ok(None),
        }
    }

    fn overview_of(&self, room: RoomSid) -> Result<Overview, Error> {
        let (heads, known) = (self.heads(room)?, self.room_of(room)?);
        let state = self.state_at(room, heads.state);
        let fields =
            |kind: StateEventType| Ok::<_, Error>(state.content::<Fields>(&kind)?.unwrap_or_default());
        let create = state.create()?;
        let created: Fields = create.content_as().unwrap_or_default();
        let tombstone = state.content::<Fields>(&StateEventType::RoomTombstone)?;
        let record = ROOMS.get(self.store.engine(), &room)?;
        Ok(Overview {
            room,
            room_id: known.id,
            name: fields(StateEventType::RoomName)?.name,
            topic: fields(StateEventType::RoomTopic)?.topic,
            avatar_url: fields(StateEventType::RoomAvatar)?.url,
            canonical_alias: fields(StateEventType::RoomCanonicalAlias)?.alias,
            joined: heads.joined,
            joined_here: self.local_joined(room)?.len(),
            version: known.version.id().to_string(),
            creator: create.sender().clone(),
            encryption: fields(StateEventType::RoomEncryption)?.algorithm,
            federatable: created.federate.unwrap_or(true),
            published: PUBLISHED.contains(self.store.engine(), &(OWN_LIST.to_owned(), room))?,
            join_rule: fields(StateEventType::RoomJoinRules)?.join_rule,
            guest_access: fields(StateEventType::RoomGuestAccess)?.guest_access,
            history_visibility: fields(StateEventType::RoomHistoryVisibility)?.history_visibility,
            state_events: state.len()?,
            room_type: created.room_type,
            ended: tombstone.is_some(),
            replacement: tombstone.and_then(|tombstone| tombstone.replacement_room),
            blocked: record.is_some_and(|record| record.blocked),
        })
    }
}
