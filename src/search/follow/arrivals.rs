//! What arrived between two positions: out of the ring of changes, or where that does not reach back, out of the tables.

use kith_store::{
    ChangeKind, Direction, Error, EventSid, Position, UserSid,
    tables::{
        events::EVENT_META,
        rooms::{ROOM_HEADS, TIMELINE},
    },
};
use ruma::UserId;

use crate::Search;

/// What arrived.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Events, with the user whose membership each of them states.
    pub(crate) events: Vec<(EventSid, Option<UserSid>)>,
    /// Users of this server who came, went, or changed their profile.
    pub(crate) profiles: Vec<UserSid>,
    /// It came from the ring: nothing that changed in memory or in rows without a stream is missing.
    pub(crate) is_whole: bool,
}

impl Search {
    pub(crate) fn arrivals(&self, since: Position, until: Position) -> Result<Arrivals, Error> {
        let mut arrivals = Arrivals::default();
        if since >= until {
            arrivals.is_whole = true;
            return Ok(arrivals);
        }
        let Some(changes) = self.store.changes().since(since) else {
            self.read_timelines(since, until, &mut arrivals)?;
            return Ok(arrivals);
        };
        arrivals.is_whole = true;
        for change in changes.iter().filter(|change| change.position <= until) {
            match &change.kind {
                ChangeKind::Event { event, member, .. } => arrivals.events.push((*event, *member)),
                ChangeKind::Profile { user } => arrivals.profiles.push(*user),
                _ => {}
            }
        }
        Ok(arrivals)
    }

    fn read_timelines(&self, since: Position, until: Position, arrivals: &mut Arrivals) -> Result<(), Error> {
        let engine = self.store.engine();
        for row in ROOM_HEADS.scan(engine, &(), Direction::Forward) {
            let (room, heads) = row?;
            if heads.position <= since {
                continue;
            }
            let (from, to) = ((room, since.next()), (room, until.next()));
            for row in TIMELINE.range(engine, &from, &to, Direction::Forward) {
                let (_, event) = row?;
                arrivals.events.push((event, self.member_of(event)?));
            }
        }
        Ok(())
    }

    /// The user whose membership an event states.
    fn member_of(&self, event: EventSid) -> Result<Option<UserSid>, Error> {
        let meta = EVENT_META.get(self.store.engine(), &event)?;
        let Some(key) = meta.and_then(|meta| meta.state_key) else { return Ok(None) };
        let (kind, state_key) = self.store.ids().state_key_of(key)?;
        match UserId::parse(state_key) {
            Ok(user) if kind == "m.room.member" => self.store.ids().find_user(&user),
            _ => Ok(None),
        }
    }
}
