//! Lists: which of the user's rooms a list is made of, and which of those its windows show.

use std::collections::{BTreeMap, HashMap, HashSet};

use kith_store::{Error, RoomSid, tables::members::Membership};

use super::{
    connection::Connection,
    request::{Filters, ListConfig, RoomConfig, SlidingRequest},
    response::List,
    room_list::{Entry, RoomList},
};
use crate::moment::Moment;

/// The rooms that a request asks for.
#[derive(Default)]
pub(super) struct Wanted {
    /// What is wanted of each.
    pub(super) rooms: BTreeMap<RoomSid, RoomConfig>,
    /// The lists whose windows show a room.
    pub(super) lists_of: HashMap<RoomSid, Vec<String>>,
    /// The rooms that are subscribed to.
    pub(super) subscribed: HashSet<RoomSid>,
    /// How long the lists are.
    pub(super) counts: BTreeMap<String, List>,
}

impl Moment<'_> {
    /// The rooms that a request asks for and the user may see.
    pub(super) fn wanted_rooms(
        &self,
        request: &SlidingRequest,
        connection: &Connection,
        list: &RoomList,
    ) -> Result<Wanted, Error> {
        let mut wanted = Wanted::default();
        for (name, config) in &request.lists {
            self.add_list(name, config, connection, list, &mut wanted)?;
        }
        for (room_id, config) in &request.room_subscriptions {
            let Some(room) = self.sync.store.ids().find_room(room_id)? else { continue };
            let Some(entry) = list.get(room) else { continue };
            if self.is_listed(room, entry, connection)? {
                wanted.rooms.entry(room).or_default().widen(config);
                wanted.subscribed.insert(room);
            }
        }
        for config in wanted.rooms.values_mut() {
            config.normalise();
        }
        Ok(wanted)
    }

    fn add_list(
        &self,
        name: &str,
        config: &ListConfig,
        connection: &Connection,
        list: &RoomList,
        wanted: &mut Wanted,
    ) -> Result<(), Error> {
        let no_filters = Filters::default();
        let filters = config.filters.as_ref().unwrap_or(&no_filters);
        let children = match &filters.spaces {
            Some(spaces) => Some(self.children_of(spaces, list)?),
            None => None,
        };
        let name_like = filters.room_name_like.as_ref().map(|name| name.to_lowercase());
        let mut count = 0_usize;
        for (room, entry) in list.in_order() {
            let in_space = children.as_ref().is_none_or(|children| children.contains(&room));
            if !in_space || !matches(entry, filters, name_like.as_deref()) {
                continue;
            }
            if !self.is_listed(room, entry, connection)? {
                continue;
            }
            let place = count as u64;
            count += 1;
            if config.ranges.iter().any(|(first, last)| (*first..=*last).contains(&place)) {
                wanted.rooms.entry(room).or_default().widen(&config.config);
                wanted.lists_of.entry(room).or_default().push(name.to_owned());
            }
        }
        wanted.counts.insert(name.to_owned(), List { count });
        Ok(())
    }

    /// Whether a room is among those that are shown at all: what the user left by himself is shown once, and only to a
    /// client that has the room; where somebody threw him out, it is there to be seen.
    fn is_listed(&self, room: RoomSid, entry: &Entry, connection: &Connection) -> Result<bool, Error> {
        Ok(match entry.membership {
            Membership::Join | Membership::Knock => true,
            Membership::Invite => !self.rooms().hides_invite_of(self.viewer, entry.sender)?,
            Membership::Leave | Membership::Ban => {
                let told = connection.told(room);
                let is_news = told.is_some_and(|told| told.upto < entry.since);
                is_news || (entry.is_thrown_out(self.user) && entry.was_inside)
            }
        })
    }

    /// The rooms that belong to one of these spaces; only spaces that the user is in count.
    fn children_of(&self, spaces: &[ruma::OwnedRoomId], list: &RoomList) -> Result<HashSet<RoomSid>, Error> {
        let ids = self.sync.store.ids();
        let mut children = HashSet::new();
        for space in spaces {
            let Some(space) = ids.find_room(space)? else { continue };
            let joined = list.get(space).is_some_and(|entry| entry.membership == Membership::Join);
            let Some(root) = self.state_at(space, self.until)?.filter(|_| joined) else { continue };
            for (key, event) in &self.plain_state(space, root)?.entries {
                let (kind, child) = ids.state_key_of(*key)?;
                if kind != "m.space.child" {
                    continue;
                }
                let is_child = self
                    .rooms()
                    .pdu(*event)?
                    .content_field::<Vec<String>>("via")
                    .is_some_and(|via| !via.is_empty());
                if let (true, Ok(child)) = (is_child, ruma::RoomId::parse(child)) {
                    children.extend(ids.find_room(&child)?);
                }
            }
        }
        Ok(children)
    }
}

fn matches(entry: &Entry, filters: &Filters, name_like: Option<&str>) -> bool {
    let is = |wanted: Option<bool>, fact: bool| wanted.is_none_or(|wanted| wanted == fact);
    let is_type = |types: &Vec<Option<String>>| types.contains(&entry.room_type);
    let has_tag = |tags: &Vec<String>| entry.tags.iter().any(|tag| tags.contains(tag));
    is(filters.is_dm, entry.is_direct)
        && is(filters.is_encrypted, entry.is_encrypted)
        && is(filters.is_invite, entry.membership == Membership::Invite)
        && filters.room_types.as_ref().is_none_or(is_type)
        && !filters.not_room_types.as_ref().is_some_and(is_type)
        && filters.tags.as_ref().is_none_or(has_tag)
        && !filters.not_tags.as_ref().is_some_and(has_tag)
        && name_like.is_none_or(|like| entry.name.as_ref().is_some_and(|name| name.contains(like)))
}
