//! One answer, put together at one moment of the store.

use kith_store::{Error, Position, tables::account_data::GLOBAL};

use crate::{
    moment::Moment,
    response::{Response, Rooms},
    selection::Selection,
    streams::{account_data::ChangedTypes, members::Encounters, to_device::TO_DEVICE_EVENTS_MAX},
    token,
};

/// An answer, and whether it is worth interrupting a wait for.
pub(crate) struct Answer {
    pub(crate) response: Response,
    pub(crate) urgent: bool,
}

impl Moment<'_> {
    /// The answer.
    pub(crate) fn assemble(&self) -> Result<Answer, Error> {
        match self.since {
            None => self.assemble_complete(),
            Some(since) => self.assemble_incremental(since),
        }
    }

    fn assemble_complete(&self) -> Result<Answer, Error> {
        let selection = self.select_complete()?;
        let rooms = self.rooms_of(&selection, &ChangedTypes::new(), &mut Encounters::default())?;
        let to_device = self.to_device(TO_DEVICE_EVENTS_MAX)?;
        let response = Response {
            next_batch: token::next_batch(self.until, to_device.reached),
            account_data: self.account_data_complete(GLOBAL)?,
            presence: self.presence_complete()?.events,
            to_device: to_device.events.into(),
            key_counts: self.key_counts()?,
            rooms,
            ..Response::default()
        };
        Ok(Answer { response, urgent: true })
    }

    fn assemble_incremental(&self, since: Position) -> Result<Answer, Error> {
        let changed = self.changed(since)?;
        let selection = self.select_incremental(since, &changed)?;
        let account_data = self.changed_account_data(since)?;
        let mut encounters = Encounters::default();
        let rooms = self.rooms_of(&selection, &account_data, &mut encounters)?;
        let presence = self.presence_incremental(since, &changed, &encounters)?;
        let to_device = self.to_device(TO_DEVICE_EVENTS_MAX)?;
        let mut response = Response {
            next_batch: token::next_batch(self.until, to_device.reached),
            account_data: match self.full_state {
                true => self.account_data_complete(GLOBAL)?,
                false => self.account_data_incremental(GLOBAL, &account_data)?,
            },
            to_device: to_device.events.into(),
            device_lists: self.device_lists_incremental(since, &encounters)?,
            key_counts: self.key_counts()?,
            rooms,
            ..Response::default()
        };
        let urgent = self.full_state || !presence.only_own || !response.is_empty();
        response.presence = presence.events;
        Ok(Answer { response, urgent })
    }

    fn rooms_of(
        &self,
        selection: &Selection,
        account_data: &ChangedTypes,
        encounters: &mut Encounters,
    ) -> Result<Rooms, Error> {
        let mut rooms = Rooms::default();
        for joined in &selection.joined {
            if let Some(room) = self.joined_room(joined, account_data, encounters)? {
                rooms.join.insert(self.room_id(joined.room)?, room);
            }
        }
        for invited in &selection.invited {
            if let Some(room) = self.invited_room(invited)? {
                rooms.invite.insert(self.room_id(invited.room)?, room);
            }
        }
        for knocked in &selection.knocked {
            rooms.knock.insert(self.room_id(knocked.room)?, self.knocked_room(knocked));
        }
        for left in &selection.left {
            if left.known.is_some() {
                encounters.left.push(left.room);
            }
            rooms.leave.insert(self.room_id(left.room)?, self.left_room(left, account_data)?);
        }
        Ok(rooms)
    }
}
