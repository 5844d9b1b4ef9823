//! What a client gets besides rooms: messages to its device, account data, receipts, typing notices, whose devices
//! changed, and how many of its keys are left.

use std::collections::BTreeSet;

use kith_store::{
    Error, Position, RoomSid,
    tables::{account_data::GLOBAL, members::Membership, sliding::Step},
};

use super::{
    connection::Connection,
    lists::Wanted,
    request::{Limited, PerRoom, SlidingRequest},
    response::{AccountData, ByRoom, E2ee, Extensions, ToDevice},
    room_list::RoomList,
};
use crate::{
    moment::Moment,
    streams::{
        account_data::ChangedTypes,
        members::Encounters,
        thread_subscriptions::{SUBSCRIPTIONS_MAX, SubscriptionsPage, changes},
    },
    token,
};

/// The rooms whose receipts, typing notices and account data an answer tells.
pub(super) struct Extras {
    /// The rooms, and up to where the client knows these things of them.
    pub(super) rooms: Vec<(RoomSid, Option<Position>)>,
}

impl Extras {
    /// The wanted rooms in which there is something new.
    pub(super) fn find(wanted: &Wanted, connection: &Connection, list: &RoomList) -> Self {
        let mut rooms = Vec::new();
        for room in wanted.rooms.keys() {
            let Some(entry) = list.get(*room) else { continue };
            let known = connection.told(*room).and_then(|told| told.extras);
            if entry.membership == Membership::Join && known.is_none_or(|known| entry.extras > known) {
                rooms.push((*room, known));
            }
        }
        Self { rooms }
    }
}

impl Moment<'_> {
    /// The extensions of an answer; `step` notes what was told.
    pub(super) fn extensions(
        &self,
        request: &SlidingRequest,
        wanted: &Wanted,
        extras: &Extras,
        step: &mut Step,
    ) -> Result<Extensions, Error> {
        let asked = &request.extensions;
        let mut extensions = Extensions::default();
        if asked.to_device.is_on() {
            let found = self.to_device(asked.to_device.limit())?;
            extensions.to_device =
                Some(ToDevice { next_batch: token::of(found.reached), events: found.events });
        }
        if asked.account_data.is_on() {
            extensions.account_data =
                Some(self.account_data_extension(&asked.account_data, wanted, extras, step)?);
        }
        if asked.receipts.is_on() {
            extensions.receipts = Some(self.receipts_extension(&asked.receipts, wanted, extras)?);
        }
        if asked.typing.is_on() {
            extensions.typing = Some(self.typing_extension(&asked.typing, wanted, extras)?);
        }
        if asked.e2ee.is_on() {
            let device_lists = match step.device_lists {
                Some(since) => self.device_lists_incremental(since, &self.encounters_since(since)?)?,
                None => Default::default(),
            };
            step.device_lists = Some(self.until);
            extensions.e2ee = Some(E2ee { device_lists, key_counts: self.key_counts()? });
        }
        Ok(extensions)
    }

    /// The subscriptions to threads that changed behind `since`.
    pub(super) fn thread_subscriptions_extension(
        &self,
        asked: &Limited,
        since: Position,
    ) -> Result<Option<SubscriptionsPage>, Error> {
        let Some(limit) = asked.limit(SUBSCRIPTIONS_MAX) else { return Ok(None) };
        changes(&self.sync.store, self.read, self.user, since, self.until, limit).map(Some)
    }

    fn account_data_extension(
        &self,
        asked: &PerRoom,
        wanted: &Wanted,
        extras: &Extras,
        step: &mut Step,
    ) -> Result<AccountData, Error> {
        let mut told = AccountData::default();
        let earliest = extras.rooms.iter().filter_map(|(_, known)| *known).chain(step.account_data).min();
        let changes = match earliest {
            Some(since) => self.changed_account_data(since)?,
            None => ChangedTypes::new(),
        };
        told.global = match step.account_data {
            Some(_) => self.account_data_incremental(GLOBAL, &changes)?.events,
            None => self.account_data_complete(GLOBAL)?.events,
        };
        step.account_data = Some(self.until);
        for (room, known) in &extras.rooms {
            if !self.is_covered(asked, wanted, *room)? {
                continue;
            }
            let events = match known {
                Some(_) => self.account_data_incremental(*room, &changes)?.events,
                None => self.account_data_complete(*room)?.events,
            };
            if !events.is_empty() {
                told.rooms.insert(self.room_id(*room)?, events);
            }
        }
        Ok(told)
    }

    fn receipts_extension(&self, asked: &PerRoom, wanted: &Wanted, extras: &Extras) -> Result<ByRoom, Error> {
        let mut told = ByRoom::default();
        for (room, known) in &extras.rooms {
            if !self.is_covered(asked, wanted, *room)? {
                continue;
            }
            let events = match known {
                Some(since) => self.receipts_incremental(*room, *since)?,
                None => self.receipts_complete(*room)?,
            };
            // One event a room; who has several receipts at one event is told by the first.
            if let Some(event) = events.into_iter().next() {
                told.rooms.insert(self.room_id(*room)?, event);
            }
        }
        Ok(told)
    }

    fn typing_extension(&self, asked: &PerRoom, wanted: &Wanted, extras: &Extras) -> Result<ByRoom, Error> {
        let mut told = ByRoom::default();
        for (room, known) in &extras.rooms {
            if !self.is_covered(asked, wanted, *room)? {
                continue;
            }
            let event = match known {
                Some(since) => self.typing_incremental(*room, *since)?,
                None => self.typing_complete(*room)?,
            };
            if let Some(event) = event {
                told.rooms.insert(self.room_id(*room)?, event);
            }
        }
        Ok(told)
    }

    /// Whether an extension speaks of a room.
    fn is_covered(&self, asked: &PerRoom, wanted: &Wanted, room: RoomSid) -> Result<bool, Error> {
        let by_list =
            wanted.lists_of.get(&room).is_some_and(|lists| lists.iter().any(|list| asked.covers_list(list)));
        if by_list {
            return Ok(true);
        }
        Ok(wanted.subscribed.contains(&room) && asked.covers_subscription(self.room_id(room)?.as_str()))
    }

    /// Who came and went in all of the user's rooms, whether or not a list shows them.
    fn encounters_since(&self, since: Position) -> Result<Encounters, Error> {
        let changed = self.changed(since)?;
        let selection = self.select_incremental(since, &changed)?;
        let mut encounters = Encounters::default();
        for joined in &selection.joined {
            let now = self.state_at(joined.room, self.until)?.unwrap_or_default();
            let span = self.state_span(joined.room, joined.known, now)?;
            self.note_encounters(&span, &mut encounters)?;
        }
        let left: BTreeSet<RoomSid> =
            selection.left.iter().filter(|left| left.known.is_some()).map(|left| left.room).collect();
        encounters.left.extend(left);
        Ok(encounters)
    }
}
