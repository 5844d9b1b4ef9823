//! Whose membership changed in the rooms of an answer: what presence and device lists need to know of whom the user
//! meets and whom he no longer sees.

use kith_store::{
    Error, EventSid, Position, RoomSid, UserSid,
    tables::members::{MEMBERSHIPS, Membership},
};
use ruma::UserId;

use super::state::StateSpan;
use crate::moment::Moment;

/// What an incremental answer says about who is where.
#[derive(Debug, Default)]
pub(crate) struct Encounters {
    /// Rooms that the user is in anew.
    pub(crate) entered: Vec<RoomSid>,
    /// Rooms that the user is in no longer.
    pub(crate) left: Vec<RoomSid>,
    /// Rooms of the user that are encrypted anew.
    pub(crate) encrypted: Vec<RoomSid>,
    /// Others who are in a room of the user anew.
    pub(crate) met: Vec<(UserSid, RoomSid)>,
    /// Others who are in a room of the user no longer.
    pub(crate) parted: Vec<(UserSid, RoomSid)>,
}

impl Moment<'_> {
    /// Notes who came to and went from a room that the client knows, and what became of it.
    pub(crate) fn note_encounters(&self, span: &StateSpan, encounters: &mut Encounters) -> Result<(), Error> {
        let Some(known) = &span.known else {
            encounters.entered.push(span.room);
            return Ok(());
        };
        // Whoever was away for a while may have missed what became of the others' devices; and of members who were not
        // known, nothing was told.
        let is_back = self.is_in_since(self.user, span.room)?.is_some_and(|since| since > known.since);
        if known.completed || is_back {
            encounters.entered.push(span.room);
        }
        for (key, before, now) in &known.changed {
            let (kind, state_key) = self.sync.store.ids().state_key_of(*key)?;
            match kind.as_str() {
                "m.room.encryption" if state_key.is_empty() && before.is_none() => {
                    encounters.encrypted.push(span.room);
                }
                "m.room.member" => {
                    let Some(user) = self.user_of(&state_key)?.filter(|user| *user != self.user) else {
                        continue;
                    };
                    match (self.is_join(*before)?, self.is_join(*now)?) {
                        (false, true) => encounters.met.push((user, span.room)),
                        (true, false) => encounters.parted.push((user, span.room)),
                        (true, true) => {
                            if self.is_in_since(user, span.room)?.is_some_and(|since| since > known.since) {
                                encounters.met.push((user, span.room));
                            }
                        }
                        (false, false) => {}
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Since when a user is in a room without a break.
    fn is_in_since(&self, user: UserSid, room: RoomSid) -> Result<Option<Position>, Error> {
        let record = MEMBERSHIPS.get(self.read, &(user, room))?;
        Ok(record.filter(|record| record.membership == Membership::Join).map(|record| record.position))
    }

    fn user_of(&self, state_key: &str) -> Result<Option<UserSid>, Error> {
        match UserId::parse(state_key) {
            Ok(user_id) => self.sync.store.ids().find_user(&user_id),
            Err(_) => Ok(None),
        }
    }

    fn is_join(&self, event: Option<EventSid>) -> Result<bool, Error> {
        match event {
            Some(event) => Ok(self.membership_of(event)? == Some(Membership::Join)),
            None => Ok(false),
        }
    }
}
