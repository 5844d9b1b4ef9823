//! Which rooms an answer speaks of, and as what.

use std::collections::BTreeMap;

use kith_store::{
    Direction, Error, Position, RoomSid,
    state::StateRoot,
    tables::members::{MEMBERSHIP_STREAM, MEMBERSHIPS, Membership, MembershipRecord},
};

use crate::{changed::Changed, moment::Moment, wholeness::Wholeness};

/// The rooms of an answer.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    pub(crate) joined: Vec<Joined>,
    pub(crate) invited: Vec<Outside>,
    pub(crate) knocked: Vec<Outside>,
    pub(crate) left: Vec<Left>,
}

/// A room the user is in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) room: RoomSid,
    /// Up to where the client knows the room; a client to which the room is new has nothing.
    pub(crate) known: Option<Position>,
    /// It is told even if there seems to be nothing new in it: its unread counts changed, or all rooms are wanted.
    pub(crate) always: bool,
}

/// A room the user is invited to or has knocked at.
#[derive(Debug)]
pub(crate) struct Outside {
    pub(crate) room: RoomSid,
    pub(crate) record: MembershipRecord,
}

/// A room the user has left.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) room: RoomSid,
    /// Up to where the client knows the room as one the user is in.
    pub(crate) known: Option<Position>,
    /// What happened to the user's membership since, oldest first. Empty where the room was left long ago.
    pub(crate) changes: Vec<MembershipStep>,
    /// The last that the user may see of the room: where he left, and the state there. Whoever was never in it has
    /// none.
    pub(crate) end: Option<End>,
}

/// A point up to which somebody was in a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) position: Position,
    pub(crate) state: StateRoot,
}

/// One change of the user's membership.
#[derive(Clone, Debug)]
pub(crate) struct MembershipStep {
    pub(crate) position: Position,
    pub(crate) membership: Membership,
    pub(crate) event: kith_store::EventSid,
}

impl Moment<'_> {
    /// The rooms of an answer to a client that starts.
    pub(crate) fn select_complete(&self) -> Result<Selection, Error> {
        let mut selection = Selection::default();
        for row in MEMBERSHIPS.scan(self.read, &(self.user,), Direction::Forward) {
            let ((_, room), record) = row?;
            let Some(membership) = self.membership_by_now(room, &record)? else { continue };
            if record.forgotten || !self.wants_room(room)? {
                continue;
            }
            match membership {
                Membership::Join if !self.shows(room)? => {}
                Membership::Join => selection.joined.push(Joined { room, known: None, always: true }),
                Membership::Invite => selection.invited.push(Outside { room, record }),
                Membership::Knock => selection.knocked.push(Outside { room, record }),
                Membership::Leave | Membership::Ban => {
                    if self.filter.room.include_leave && record.was_joined {
                        selection.left.push(Left { room, known: None, changes: Vec::new(), end: None });
                    }
                }
            }
        }
        Ok(selection)
    }

    /// The rooms of an answer to a client that knows everything up to `since`.
    pub(crate) fn select_incremental(&self, since: Position, changed: &Changed) -> Result<Selection, Error> {
        let mut selection = Selection::default();
        let moves = self.membership_steps(since)?;
        let rooms = match self.full_state {
            true => self.joined_rooms()?,
            false => changed.rooms.iter().copied().collect(),
        };
        for room in rooms {
            if !moves.contains_key(&room) && self.wants_room(room)? {
                let always = self.full_state || changed.recounted.contains(&room);
                self.select_joined(Joined { room, known: Some(since), always }, &mut selection)?;
            }
        }
        for (room, steps) in moves {
            if self.wants_room(room)? {
                self.select_moved(room, since, steps, &mut selection)?;
            }
        }
        Ok(selection)
    }

    /// A room in which the user's membership changed behind `since`.
    fn select_moved(
        &self,
        room: RoomSid,
        since: Position,
        steps: Vec<MembershipStep>,
        selection: &mut Selection,
    ) -> Result<(), Error> {
        let Some(last) = steps.last() else { return Ok(()) };
        let joined_before = self.was_joined(room, since)?;
        let known = joined_before.then_some(since);
        match last.membership {
            Membership::Join => self.select_joined(Joined { room, known, always: true }, selection)?,
            Membership::Invite | Membership::Knock => {
                // A row from behind the end of the answer says something else already; the next answer tells it.
                let record = MEMBERSHIPS.get(self.read, &(self.user, room))?;
                let Some(record) = record.filter(|record| record.membership == last.membership) else {
                    return Ok(());
                };
                let outside = Outside { room, record };
                if outside.record.membership == Membership::Invite {
                    selection.invited.push(outside);
                } else {
                    selection.knocked.push(outside);
                }
            }
            Membership::Leave | Membership::Ban => {
                let end = self.end_of_stay(room, &steps, joined_before)?;
                selection.left.push(Left { room, known, changes: steps, end });
            }
        }
        Ok(())
    }

    /// A room the user is in, unless the client has to wait for its members. Once those have come, the room is new to
    /// the client.
    fn select_joined(&self, joined: Joined, selection: &mut Selection) -> Result<(), Error> {
        if self.filter.room.lazy_load_members() {
            selection.joined.push(joined);
            return Ok(());
        }
        match self.wholeness(joined.room)? {
            Wholeness::Partial => {}
            Wholeness::Since(whole) if joined.known.is_some_and(|known| known < whole) => {
                selection.joined.push(Joined { known: None, always: true, ..joined });
            }
            Wholeness::Since(_) | Wholeness::Always => selection.joined.push(joined),
        }
        Ok(())
    }

    /// Where the user was last in a room, if he was in it at all during these steps.
    fn end_of_stay(
        &self,
        room: RoomSid,
        steps: &[MembershipStep],
        joined_before: bool,
    ) -> Result<Option<End>, Error> {
        let mut joined = joined_before;
        let mut end = None;
        for step in steps {
            if joined && step.membership != Membership::Join {
                end = Some(step);
            }
            joined = step.membership == Membership::Join;
        }
        let Some(step) = end else { return Ok(None) };
        let state = self.state_at(room, step.position)?;
        Ok(state.map(|state| End { position: step.position, state }))
    }

    /// The changes of the user's memberships behind `since`, by room, oldest first.
    fn membership_steps(&self, since: Position) -> Result<BTreeMap<RoomSid, Vec<MembershipStep>>, Error> {
        let mut steps: BTreeMap<RoomSid, Vec<MembershipStep>> = BTreeMap::new();
        let (from, to) = ((self.user, since.next()), (self.user, self.until.next()));
        for row in MEMBERSHIP_STREAM.range(self.read, &from, &to, Direction::Forward) {
            let ((_, position), change) = row?;
            let step = MembershipStep { position, membership: change.membership, event: change.event };
            steps.entry(change.room).or_default().push(step);
        }
        Ok(steps)
    }

    fn wants_room(&self, room: RoomSid) -> Result<bool, Error> {
        let filter = &self.filter.room;
        if filter.rooms.is_none() && filter.not_rooms.is_none() {
            return Ok(true);
        }
        Ok(filter.allows_room(&self.room_id(room)?))
    }
}

impl Left {
    /// Whether the user may see the event at a position of the room's stream: what happened while he was in the room,
    /// and what happened to himself.
    pub(crate) fn was_there(&self, position: Position) -> bool {
        let mut joined = self.known.is_some();
        for step in &self.changes {
            if position == step.position {
                return true;
            }
            if position < step.position {
                return joined;
            }
            joined = step.membership == Membership::Join;
        }
        joined && self.changes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use kith_store::EventSid;

    use super::*;

    #[test]
    fn who_left_sees_what_happened_while_he_was_there() {
        let step = |position, membership| MembershipStep {
            position: Position(position),
            membership,
            event: EventSid(position),
        };
        let seen = |left: &Left| (1..12).filter(|at| left.was_there(Position(*at))).collect::<Vec<_>>();
        let mut left = Left {
            room: RoomSid(1),
            known: Some(Position(0)),
            changes: vec![step(3, Membership::Leave), step(6, Membership::Join), step(8, Membership::Leave)],
            end: None,
        };
        assert_eq!(seen(&left), [1, 2, 3, 6, 7, 8]);
        left.changes.push(step(10, Membership::Ban));
        assert_eq!(seen(&left), [1, 2, 3, 6, 7, 8, 10]);
        left.known = None;
        assert_eq!(seen(&left), [3, 6, 7, 8, 10]);
    }
}
