//! A user's rooms as lists see them: in order of activity, with what filters ask of them.
//!
//! Kept ready per user and brought up to date by the ring of changes, so a list costs what changed and a walk through
//! memory, not a read per room. Where the ring does not reach back, the list is read anew.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use kith_store::{
    Change, ChangeKind, Direction, Error, Position, RoomSid, UserSid,
    tables::{
        account_data::{self, ACCOUNT_DATA},
        events::EVENT_META,
        members::{MEMBERSHIPS, Membership, MembershipRecord},
        receipts::RECEIPT_STREAM,
        rooms::ROOM_HEADS,
    },
};
use parking_lot::Mutex;
use ruma::room::RoomSummary;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::kept::Kept;
use crate::moment::Moment;

/// How many bytes of lists are kept ready in memory.
const ROOM_LISTS_BYTES: u64 = 32 << 20;
/// What a list costs beside its rooms, and what a room of it costs, in bytes.
const LIST_BYTES: u64 = 512;
const ROOM_BYTES: u64 = 320;

/// A user's rooms.
#[derive(Default)]
pub(super) struct RoomList {
    /// Up to where the list is right.
    until: Option<Position>,
    entries: HashMap<RoomSid, Entry>,
    order: BTreeSet<(Reverse<Position>, RoomSid)>,
    /// The rooms that the user calls direct chats.
    direct: HashSet<RoomSid>,
}

/// A room of the user.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) membership: Membership,
    /// Who made the user what he is: himself, an inviter, somebody who threw him out.
    pub(super) sender: UserSid,
    /// When the user became it.
    pub(super) since: Position,
    /// When something last happened in the room; the order of the lists.
    activity: Position,
    /// When something last changed that a room of an answer tells.
    pub(super) changed: Position,
    /// When a receipt, a typing notice or account data last changed.
    pub(super) extras: Position,
    /// Whether the user ever was in the room.
    pub(super) was_inside: bool,
    /// The inviter says that it is a direct chat.
    is_direct_invite: bool,
    pub(super) is_direct: bool,
    pub(super) is_encrypted: bool,
    pub(super) room_type: Option<String>,
    /// In lower case.
    pub(super) name: Option<String>,
    pub(super) tags: Vec<String>,
}

/// The lists of the users who were here lately.
pub(super) struct RoomLists(Kept<UserSid, RoomList>);

impl Default for RoomLists {
    fn default() -> Self {
        Self(Kept::new(ROOM_LISTS_BYTES, 16 * LIST_BYTES))
    }
}

impl RoomLists {
    /// The list of a user, which may have to be brought up to date.
    pub(super) fn of(&self, user: UserSid) -> Arc<Mutex<RoomList>> {
        self.0.get(&user).unwrap_or_default()
    }

    /// Keeps a list of so many rooms for the next time.
    pub(super) fn keep(&self, user: UserSid, list: Arc<Mutex<RoomList>>, rooms: usize) {
        self.0.put(user, list, LIST_BYTES + ROOM_BYTES * rooms as u64);
    }
}

/// What changed of a user's rooms.
#[derive(Default)]
struct Dirty {
    /// Rooms to read again.
    rooms: HashSet<RoomSid>,
    /// Rooms whose unread counts changed.
    recounted: HashMap<RoomSid, Position>,
    /// Rooms with new receipts, typing notices or account data.
    extras: HashMap<RoomSid, Position>,
    /// The user's list of direct chats.
    direct: bool,
}

impl RoomList {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, room: RoomSid) -> Option<&Entry> {
        self.entries.get(&room)
    }

    /// The rooms, the most active first.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (RoomSid, &Entry)> {
        self.order.iter().filter_map(|(_, room)| Some((*room, self.entries.get(room)?)))
    }

    /// Brings the list up to the end of an answer.
    pub(super) fn refresh(&mut self, moment: &Moment<'_>) -> Result<(), Error> {
        let changes = match self.until {
            // Another connection of the user has been ahead already.
            Some(until) if until >= moment.until => return Ok(()),
            Some(until) => moment.sync.store.changes().since(until),
            None => None,
        };
        match changes {
            Some(changes) => self.follow(moment, &changes)?,
            None => self.read(moment)?,
        }
        self.until = Some(moment.until);
        Ok(())
    }

    fn follow(&mut self, moment: &Moment<'_>, changes: &[Arc<Change>]) -> Result<(), Error> {
        let own = moment.user;
        let mut dirty = Dirty::default();
        for change in changes.iter().take_while(|change| change.position <= moment.until) {
            match &change.kind {
                ChangeKind::Event { room, member, .. } => {
                    let is_joined =
                        self.entries.get(room).is_some_and(|entry| entry.membership == Membership::Join);
                    if is_joined || *member == Some(own) {
                        dirty.rooms.insert(*room);
                    }
                }
                ChangeKind::Membership { room, user } if *user == own => {
                    dirty.rooms.insert(*room);
                }
                ChangeKind::Receipt { room, user, private } => {
                    if *user == own {
                        dirty.recounted.insert(*room, change.position);
                    }
                    if *user == own || !private {
                        dirty.extras.insert(*room, change.position);
                    }
                }
                ChangeKind::Unread { room, user } if *user == own => {
                    dirty.recounted.insert(*room, change.position);
                }
                ChangeKind::Typing { room } => {
                    dirty.extras.insert(*room, change.position);
                }
                ChangeKind::AccountData { user, room: Some(room) } if *user == own => {
                    dirty.rooms.insert(*room);
                    dirty.extras.insert(*room, change.position);
                }
                ChangeKind::AccountData { user, room: None } if *user == own => dirty.direct = true,
                _ => {}
            }
        }
        self.apply(moment, dirty)
    }

    fn apply(&mut self, moment: &Moment<'_>, dirty: Dirty) -> Result<(), Error> {
        if dirty.direct {
            self.direct = direct_rooms(moment)?;
        }
        for room in dirty.rooms {
            match MEMBERSHIPS.get(moment.read, &(moment.user, room))? {
                Some(record) => self.put(moment, room, &record)?,
                None => self.remove(room),
            }
        }
        for (room, position) in dirty.recounted {
            if let Some(entry) = self.entries.get_mut(&room) {
                entry.changed = entry.changed.max(position);
            }
        }
        for (room, position) in dirty.extras {
            if let Some(entry) = self.entries.get_mut(&room) {
                entry.extras = entry.extras.max(position);
            }
        }
        if dirty.direct {
            for (room, entry) in &mut self.entries {
                entry.is_direct = self.direct.contains(room) || entry.is_direct_invite;
            }
        }
        Ok(())
    }

    /// Reads the list from the tables.
    fn read(&mut self, moment: &Moment<'_>) -> Result<(), Error> {
        *self = Self { direct: direct_rooms(moment)?, ..Self::default() };
        for row in MEMBERSHIPS.scan(moment.read, &(moment.user,), Direction::Forward) {
            let ((_, room), record) = row?;
            self.put(moment, room, &record)?;
        }
        for row in account_data::changed(moment.read, moment.user, Position::START, moment.until) {
            let (position, change) = row?;
            if let Some(entry) = self.entries.get_mut(&change.room) {
                entry.extras = entry.extras.max(position);
            }
        }
        Ok(())
    }

    fn put(&mut self, moment: &Moment<'_>, room: RoomSid, record: &MembershipRecord) -> Result<(), Error> {
        let before = self.remove_entry(room);
        if record.forgotten {
            return Ok(());
        }
        let mut entry = Entry::read(moment, room, record)?;
        entry.is_direct = self.direct.contains(&room) || record.is_direct;
        match before {
            Some(before) => {
                entry.changed = entry.changed.max(before.changed);
                entry.extras = entry.extras.max(before.extras);
            }
            None => {
                let mut receipts = RECEIPT_STREAM.scan(moment.read, &(room,), Direction::Backward);
                if let Some(newest) = receipts.next() {
                    entry.extras = newest?.0.1;
                }
            }
        }
        self.order.insert((Reverse(entry.activity), room));
        self.entries.insert(room, entry);
        Ok(())
    }

    fn remove(&mut self, room: RoomSid) {
        self.remove_entry(room);
    }

    fn remove_entry(&mut self, room: RoomSid) -> Option<Entry> {
        let entry = self.entries.remove(&room)?;
        self.order.remove(&(Reverse(entry.activity), room));
        Some(entry)
    }
}

impl Entry {
    fn read(moment: &Moment<'_>, room: RoomSid, record: &MembershipRecord) -> Result<Self, Error> {
        let rooms = moment.rooms();
        let (activity, summary) = match record.membership {
            Membership::Join => match ROOM_HEADS.get(moment.read, &room)? {
                Some(heads) => (heads.position, rooms.summary_at(moment.read, room, heads.state)?),
                None => (record.position, rooms.summary_of_stripped(room, "[]")?),
            },
            Membership::Invite | Membership::Knock => {
                let stripped = record.stripped_state.as_deref().unwrap_or("[]");
                (record.position, rooms.summary_of_stripped(room, stripped)?)
            }
            Membership::Leave | Membership::Ban => {
                (record.position, Self::summary_of_left(moment, room, record)?)
            }
        };
        Ok(Self {
            membership: record.membership,
            sender: record.sender,
            since: record.position,
            activity,
            changed: activity.max(record.position),
            extras: Position::START,
            was_inside: record.was_joined,
            is_direct_invite: record.is_direct,
            is_direct: record.is_direct,
            is_encrypted: summary.encryption.is_some(),
            room_type: summary.room_type.map(|kind| kind.to_string()),
            name: summary.name.map(|name| name.to_lowercase()),
            tags: tags(moment, room)?,
        })
    }

    /// What there was to know of a room when the user left it.
    fn summary_of_left(
        moment: &Moment<'_>,
        room: RoomSid,
        record: &MembershipRecord,
    ) -> Result<RoomSummary, Error> {
        let place = EVENT_META.get(moment.read, &record.event)?.and_then(|meta| meta.place);
        match place.filter(|_| record.was_joined) {
            Some(place) => moment.rooms().summary_at(moment.read, room, place.state_before),
            None => moment.rooms().summary_of_stripped(room, "[]"),
        }
    }

    /// Whether the user is outside because somebody else threw him out.
    pub(super) fn is_thrown_out(&self, own: UserSid) -> bool {
        match self.membership {
            Membership::Ban => true,
            Membership::Leave => self.sender != own,
            _ => false,
        }
    }
}

/// The rooms that the user's `m.direct` names.
fn direct_rooms(moment: &Moment<'_>) -> Result<HashSet<RoomSid>, Error> {
    let content = account_data::find(moment.read, moment.user, None, "m.direct")?;
    let by_user: HashMap<String, Box<RawValue>> =
        content.and_then(|content| serde_json::from_str(&content).ok()).unwrap_or_default();
    let mut direct = HashSet::new();
    for rooms in by_user.values() {
        let rooms: Vec<String> = serde_json::from_str(rooms.get()).unwrap_or_default();
        for room in rooms {
            if let Ok(room) = ruma::RoomId::parse(room) {
                direct.extend(moment.sync.store.ids().find_room(&room)?);
            }
        }
    }
    Ok(direct)
}

fn tags(moment: &Moment<'_>, room: RoomSid) -> Result<Vec<String>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Tags {
        tags: HashMap<String, serde::de::IgnoredAny>,
    }
    let record = ACCOUNT_DATA.get(moment.read, &(moment.user, room, "m.tag".to_owned()))?;
    let tags: Tags = record.and_then(|record| serde_json::from_str(&record.content).ok()).unwrap_or_default();
    Ok(tags.tags.into_keys().collect())
}
