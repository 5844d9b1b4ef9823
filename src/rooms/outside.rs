//! Rooms that this server is not in, as far as its users have to do with them: invites that came from other servers,
//! knocks that other servers keep, and how both end.
//!
//! There is no room record here and no state; what there is, is the user's membership with the stripped state that
//! came along, and in `outside` the event itself and who knows the room. What of a room was left behind when this
//! server's last member left it does not change by this.

mod come_in;
mod face;
mod invited;
mod withdrawn;

use kith_event::{Pdu, client_format::stripped_state};
use kith_store::{
    ChangeKind, Committed, Error, EventSid, RoomSid, Txn, UserSid,
    tables::{
        members::{
            MEMBERSHIP_STREAM, MEMBERSHIPS, Membership, MembershipChange, MembershipRecord, ROOM_MEMBERS,
        },
        outside::{OUTSIDE, OutsideRecord},
        rooms::ROOM_HEADS,
    },
};
use ruma::{OwnedServerName, ServerName};

pub(crate) use self::face::Face;
pub use self::invited::Invite;
use crate::{Rooms, WriteError};

/// What a user of this server has become to a room that this server is not in.
pub(crate) struct Told<'a> {
    /// The room.
    pub(crate) room: RoomSid,
    /// Whose membership it is.
    pub(crate) user: UserSid,
    /// An invite or a knock.
    pub(crate) membership: Membership,
    /// The event that says so.
    pub(crate) event: &'a Pdu,
    /// What the room shows of itself.
    pub(crate) face: &'a Face,
    /// Servers that know the room.
    pub(crate) via: Vec<OwnedServerName>,
}

impl Rooms {
    /// Notes an invite or a knock. Nothing happens if this server has come into the room meanwhile: then the room
    /// itself says it.
    pub(crate) fn note_outside(&self, told: &Told<'_>) -> Result<(), WriteError> {
        let lane = self.lanes.enter(told.room)?;
        if self.is_resident(told.room)? {
            return Ok(());
        }
        let ids = self.store.ids();
        let event = ids.event(told.event.event_id())?;
        let old = self.membership_record(told.user, told.room)?;
        if old.as_ref().is_some_and(|old| old.event == event) {
            return Ok(());
        }
        let was = old.as_ref().map(|old| old.membership);
        let own = stripped_state(told.event);
        let invited = told.membership == Membership::Invite;
        let mut record = MembershipRecord {
            membership: told.membership,
            event,
            position: kith_store::Position::START,
            sender: ids.user(told.event.sender())?,
            forgotten: false,
            stripped_state: Some(told.face.with(&own)),
            was_joined: old.is_some_and(|old| old.was_joined),
            is_direct: invited && told.event.content_field::<bool>("is_direct") == Some(true),
        };
        let mut txn = self.store.begin();
        let outside = OutsideRecord {
            version: told.event.room_version().id().to_string(),
            event: told.event.json().to_owned(),
            via: told.via.iter().map(ToString::to_string).collect(),
        };
        OUTSIDE.put(&mut txn.batch, &(told.room, told.user), &outside);
        put_membership(&mut txn, told.room, told.user, was, &mut record)?;
        self.count_outside(&mut txn, told.room, was, told.membership)?;
        let committed = self.store.commit(txn)?;
        drop(lane);
        Ok(committed.wait_durable()?)
    }

    /// Ends an invite or a knock. `event` is the member event that says so, where there is one.
    pub(crate) fn end_outside(
        &self,
        room: RoomSid,
        user: UserSid,
        ending: Membership,
        event: Option<&Pdu>,
    ) -> Result<Option<Committed>, WriteError> {
        let _lane = self.lanes.enter(room)?;
        let Some(old) = self.membership_record(user, room)? else { return Ok(None) };
        if self.is_resident(room)? || !matches!(old.membership, Membership::Invite | Membership::Knock) {
            return Ok(None);
        }
        let ids = self.store.ids();
        let event_sid: EventSid = event.map_or(Ok(old.event), |pdu| ids.event(pdu.event_id()))?;
        let sender = event.map_or(Ok(user), |pdu| ids.user(pdu.sender()))?;
        let was = old.membership;
        let mut record = MembershipRecord {
            membership: ending,
            event: event_sid,
            sender,
            stripped_state: None,
            is_direct: false,
            ..old
        };
        let mut txn = self.store.begin();
        OUTSIDE.delete(&mut txn.batch, &(room, user));
        put_membership(&mut txn, room, user, Some(was), &mut record)?;
        self.count_outside(&mut txn, room, Some(was), ending)?;
        Ok(Some(self.store.commit(txn)?))
    }

    /// Keeps the count of invited users, if there is one, in line with their rows.
    fn count_outside(
        &self,
        txn: &mut Txn,
        room: RoomSid,
        was: Option<Membership>,
        is: Membership,
    ) -> Result<(), Error> {
        if let Some(mut heads) = self.find_heads(room)? {
            heads.invited = recount(heads.invited, was, is);
            ROOM_HEADS.put(&mut txn.batch, &room, &heads);
        }
        Ok(())
    }

    /// What came with an invite or a knock of a user to a room that this server is not in.
    pub(crate) fn find_outside(&self, room: RoomSid, user: UserSid) -> Result<Option<OutsideRecord>, Error> {
        OUTSIDE.get(self.store.engine(), &(room, user))
    }

    /// The servers that may know a room in which this server is not: those that are named, those that came with an
    /// invite or a knock, those that were there when this server last was, and the one in the room's name.
    pub(crate) fn servers_of(
        &self,
        room_id: &ruma::RoomId,
        user: Option<UserSid>,
        named: &[OwnedServerName],
        count_max: usize,
    ) -> Result<Vec<OwnedServerName>, Error> {
        let mut servers: Vec<OwnedServerName> = named.to_vec();
        if let Some(room) = self.store.ids().find_room(room_id)? {
            if let Some(user) = user
                && let Some(outside) = self.find_outside(room, user)?
            {
                servers.extend(outside.via.iter().filter_map(|server| ServerName::parse(server).ok()));
            }
            for server in self.joined_servers(room)?.into_iter().take(count_max) {
                servers.push(self.store.ids().server_name(server)?);
            }
        }
        servers.extend(room_id.server_name().map(ToOwned::to_owned));
        let mut distinct = Vec::new();
        for server in servers {
            if server != self.server_name && !distinct.contains(&server) {
                distinct.push(server);
            }
        }
        distinct.truncate(count_max);
        Ok(distinct)
    }
}

/// Writes what a user of this server is to a room, where that does not follow from a change of the room's state.
fn put_membership(
    txn: &mut Txn,
    room: RoomSid,
    user: UserSid,
    was: Option<Membership>,
    record: &mut MembershipRecord,
) -> Result<(), Error> {
    let position = txn.position()?;
    record.position = position;
    MEMBERSHIPS.put(&mut txn.batch, &(user, room), record);
    if let Some(was) = was {
        ROOM_MEMBERS.delete(&mut txn.batch, &(room, was as u8, user));
    }
    ROOM_MEMBERS.put(&mut txn.batch, &(room, record.membership as u8, user), &());
    let change = MembershipChange { room, membership: record.membership, event: record.event };
    MEMBERSHIP_STREAM.put(&mut txn.batch, &(user, position), &change);
    txn.change(position, ChangeKind::Membership { room, user });
    Ok(())
}

/// How many are invited, after one of them was or became something else.
fn recount(invited: u64, was: Option<Membership>, is: Membership) -> u64 {
    let gone = u64::from(was == Some(Membership::Invite));
    (invited + u64::from(is == Membership::Invite)).saturating_sub(gone)
}
