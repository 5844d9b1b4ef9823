//! Where a room stood at a position of the stream: the newest event up to there carries the state the room had then.

use kith_store::{
    Direction, Error, Position, RoomSid, StateKeySid,
    state::StateRoot,
    tables::{
        events::get_meta,
        members::{Membership, MembershipRecord},
        rooms::TIMELINE,
    },
};

use crate::moment::Moment;

impl Moment<'_> {
    /// The state of a room once everything up to `position` had arrived; `None` before its first event.
    pub(crate) fn state_at(&self, room: RoomSid, position: Position) -> Result<Option<StateRoot>, Error> {
        let (from, to) = ((room, Position::START), (room, position.next()));
        let newest = TIMELINE.range(self.read, &from, &to, Direction::Backward).next().transpose()?;
        let Some((_, event)) = newest else { return Ok(None) };
        Ok(get_meta(self.read, event)?.place.map(|place| place.room_state))
    }

    /// Whether the user was in a room at a position of the stream.
    pub(crate) fn was_joined(&self, room: RoomSid, position: Position) -> Result<bool, Error> {
        let Some(key) = self.own_member_key()? else { return Ok(false) };
        let Some(root) = self.state_at(room, position)? else { return Ok(false) };
        Ok(self.membership_in(room, root, key)? == Some(Membership::Join))
    }

    /// What the user is to a room at the end of the answer, given the row that says what he is to it in the snapshot.
    /// A row from behind the end has replaced the one that counts; then only being in the room can be told, by the
    /// room's state, and anything else waits for the next answer.
    pub(crate) fn membership_by_now(
        &self,
        room: RoomSid,
        record: &MembershipRecord,
    ) -> Result<Option<Membership>, Error> {
        if record.position <= self.until {
            return Ok(Some(record.membership));
        }
        Ok(self.was_joined(room, self.until)?.then_some(Membership::Join))
    }

    /// What a state says about one member.
    pub(crate) fn membership_in(
        &self,
        room: RoomSid,
        root: StateRoot,
        member: StateKeySid,
    ) -> Result<Option<Membership>, Error> {
        match self.states(room).get(root, member)? {
            Some(event) => self.membership_of(event),
            None => Ok(None),
        }
    }

    /// What a membership event says.
    pub(crate) fn membership_of(&self, event: kith_store::EventSid) -> Result<Option<Membership>, Error> {
        let word: Option<String> = self.rooms().pdu(event)?.content_field("membership");
        Ok(word.and_then(|word| Membership::parse(&word)))
    }

    /// The state key of the user's own membership, if there is any anywhere.
    pub(crate) fn own_member_key(&self) -> Result<Option<StateKeySid>, Error> {
        match &self.viewer.user_id {
            Some(user_id) => self.sync.store.ids().find_state_key("m.room.member", user_id.as_str()),
            None => Ok(None),
        }
    }
}
