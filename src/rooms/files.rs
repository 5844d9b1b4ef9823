//! Which files the events of rooms speak of, for administrators who go through them. Nothing of it is kept: the events
//! are read one by one.

use std::collections::BTreeSet;

use kith_store::{
    Direction, Error, RoomSid,
    tables::{
        events::get_json,
        rooms::{ROOMS, TOPOLOGY},
    },
};
use ruma::{OwnedMxcUri, RoomId, events::StateEventType};
use serde::Deserialize;

use crate::Rooms;

/// How many files of one room are listed.
const FILES_MAX: usize = 100_000;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    content: Content,
}

/// Where messages, stickers and pictures of rooms have their files, encrypted or not.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Content {
    url: Option<OwnedMxcUri>,
    file: Option<File>,
    info: Option<Info>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Info {
    thumbnail_url: Option<OwnedMxcUri>,
    thumbnail_file: Option<File>,
}

#[derive(Deserialize)]
struct File {
    url: OwnedMxcUri,
}

impl Content {
    fn uris(self) -> impl Iterator<Item = OwnedMxcUri> {
        let info = self.info.unwrap_or_default();
        let files = [self.file, info.thumbnail_file].into_iter().flatten().map(|file| file.url);
        [self.url, info.thumbnail_url].into_iter().flatten().chain(files)
    }
}

impl Rooms {
    /// The files that events of a room speak of; `None` if there is no such room.
    pub fn files_of(&self, room_id: &RoomId) -> Result<Option<BTreeSet<OwnedMxcUri>>, Error> {
        let Some(room) = self.room(room_id)? else { return Ok(None) };
        let read = self.store.engine();
        let mut found = BTreeSet::new();
        for row in TOPOLOGY.scan(read, &room.sid, Direction::Backward) {
            let (_, event) = row?;
            let json = get_json(read, event)?;
            // Most events speak of none, and what people look like belongs to them and not to the room.
            if !json.contains("mxc://") {
                continue;
            }
            if let Ok(event) = serde_json::from_str::<Event>(&json)
                && event.kind != "m.room.member"
            {
                found.extend(event.content.uris().filter(|uri| uri.is_valid()));
            }
            if found.len() >= FILES_MAX {
                break;
            }
        }
        Ok(Some(found))
    }

    /// The pictures of all rooms.
    pub fn pictures(&self) -> Result<BTreeSet<OwnedMxcUri>, Error> {
        let mut found = BTreeSet::new();
        for row in ROOMS.scan(self.store.engine(), &(), Direction::Forward) {
            let (room, _): (RoomSid, _) = row?;
            if self.find_heads(room)?.is_none() {
                continue;
            }
            let content: Option<Content> = self.current_state(room)?.content(&StateEventType::RoomAvatar)?;
            found.extend(content.unwrap_or_default().uris());
        }
        Ok(found)
    }
}
