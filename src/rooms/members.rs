//! Who is in a room, as a viewer may know it.
//!
//! Now, the tables of members answer; for any other moment, the state of that moment is walked.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmembers>

use kith_accounts::Appservice;
use kith_event::client_format::RoomIdIn;
use kith_store::{
    Direction, Error, EventSid, Position, Read, RoomSid, UserSid,
    state::StateRoot,
    tables::{
        events::get_meta,
        members::{MEMBERSHIPS, Membership, ROOM_MEMBERS},
        rooms::{TIMELINE, TOPOLOGY},
    },
};
use ruma::{OwnedUserId, RoomId};
use serde_json::value::RawValue;

use crate::{
    ReadError, Rooms,
    tokens::Token,
    viewer::Viewer,
    visibility::{RoomView, Standing},
};

/// Every membership there is.
const ALL: [Membership; 5] =
    [Membership::Join, Membership::Invite, Membership::Knock, Membership::Leave, Membership::Ban];

/// Which members are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct MembersRequest {
    /// At which moment; without, now.
    pub at: Option<Token>,
    /// Those who are this …
    pub membership: Option<Membership>,
    /// … or those who are not that.
    pub not_membership: Option<Membership>,
}

/// A joined member as others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedMember {
    /// Who.
    pub user_id: OwnedUserId,
    /// Their name in the room.
    pub display_name: Option<String>,
    /// Their picture in the room.
    pub avatar_url: Option<String>,
}

impl MembersRequest {
    fn wants(&self, membership: Membership) -> bool {
        match (self.membership, self.not_membership) {
            (None, None) => true,
            (wanted, unwanted) => {
                wanted == Some(membership) || unwanted.is_some_and(|unwanted| unwanted != membership)
            }
        }
    }
}

impl Rooms {
    /// `/members`: the member events of a room.
    pub fn members(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        viewer: &Viewer,
        request: &MembersRequest,
    ) -> Result<Vec<Box<RawValue>>, ReadError> {
        let view = self.enter(read, room_id, viewer)?;
        let events = match (request.at, view.standing()) {
            (Some(at), _) => view.members_in(view.state_at(at)?, request)?,
            (None, Standing::Departed(departure)) => view.members_in(departure.state, request)?,
            (None, Standing::Joined | Standing::Outside) => {
                let mut events = Vec::new();
                for membership in ALL.into_iter().filter(|membership| request.wants(*membership)) {
                    events.extend(
                        self.members_now(read, view.room(), membership)?.into_iter().map(|(_, event)| event),
                    );
                }
                events
            }
        };
        Ok(view.render_state(&events, RoomIdIn::Event)?)
    }

    /// `/joined_members`: who is in a room, for those who are in it, and for application services with a user in it.
    pub fn joined_members(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        viewer: &Viewer,
        appservice: Option<&Appservice>,
    ) -> Result<Vec<JoinedMember>, ReadError> {
        let room = self.store.ids().find_room(room_id)?.ok_or(ReadError::Forbidden)?;
        let view = self.view(read, room, viewer)?;
        let joined = match appservice {
            _ if *view.standing() == Standing::Joined => true,
            Some(appservice) => self.has_user_of(room, appservice)?,
            None => false,
        };
        if !joined {
            return Err(ReadError::Forbidden);
        }
        let mut members = Vec::new();
        for (user, event) in self.members_now(read, view.room(), Membership::Join)? {
            let pdu = self.pdu(event)?;
            members.push(JoinedMember {
                user_id: self.store.ids().user_id(user)?,
                display_name: pdu.content_field("displayname"),
                avatar_url: pdu.content_field("avatar_url"),
            });
        }
        Ok(members)
    }

    fn has_user_of(&self, room: RoomSid, appservice: &Appservice) -> Result<bool, Error> {
        for user in self.local_joined(room)?.iter() {
            if appservice.owns_user(&self.store.ids().user_id(*user)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The users who are this to a room now, with the events that say so.
    pub fn members_now(
        &self,
        read: &dyn Read,
        room: RoomSid,
        membership: Membership,
    ) -> Result<Vec<(UserSid, EventSid)>, Error> {
        let mut keys = Vec::new();
        for row in ROOM_MEMBERS.scan(read, &(room, membership as u8), Direction::Forward) {
            let ((_, _, user), ()) = row?;
            keys.push((user, room));
        }
        let records = MEMBERSHIPS.get_many(read, &keys)?;
        let known = keys.into_iter().zip(records);
        Ok(known.filter_map(|((user, _), record)| Some((user, record?.event))).collect())
    }
}

impl RoomView<'_> {
    /// The state at a token, if the viewer may see the last event before it.
    fn state_at(&self, at: Token) -> Result<StateRoot, ReadError> {
        let last = match at {
            Token::Stream(position) => {
                let (from, to) = ((self.room, Position::START), (self.room, position.next()));
                TIMELINE
                    .range(self.read, &from, &to, Direction::Backward)
                    .next()
                    .transpose()?
                    .map(|(_, event)| event)
            }
            Token::Gap(place) => {
                let (from, to) = ((self.room, 0_u64, i64::MIN), (self.room, place.depth, place.order));
                TOPOLOGY
                    .range(self.read, &from, &to, Direction::Backward)
                    .next()
                    .transpose()?
                    .map(|(_, event)| event)
            }
        };
        let Some(last) = last else { return Ok(StateRoot::EMPTY) };
        // Whoever is ignored hides what he says, not the moment at which he said it.
        if self.look_past_ignoring(&[last])?.iter().all(Option::is_none) {
            return Err(ReadError::Forbidden);
        }
        let meta = get_meta(self.read, last)?;
        Ok(meta.place.map_or(StateRoot::EMPTY, |place| place.room_state))
    }

    fn members_in(&self, root: StateRoot, request: &MembersRequest) -> Result<Vec<EventSid>, Error> {
        let mut events = Vec::new();
        for (_, event) in self.rooms.state_at(self.room, root).members()? {
            if self.membership_of(event)?.is_some_and(|membership| request.wants(membership)) {
                events.push(event);
            }
        }
        Ok(events)
    }
}
