//! The rows about members follow the current state: whatever an event changed in it, and be it because forks were
//! resolved, changes these rows at the event's position.

use std::collections::{BTreeMap, HashMap};

use kith_store::{
    ChangeKind, Error, EventSid, Position, ServerSid, Txn, UserSid,
    tables::members::{
        LOCAL_JOINED, MEMBERSHIP_STREAM, MEMBERSHIPS, Membership, MembershipChange, MembershipRecord,
        ROOM_MEMBERS, ROOM_SERVERS, SERVER_ROOMS,
    },
};
use ruma::{OwnedUserId, UserId, events::TimelineEventType};

use super::RoomWrite;
use crate::room_state::membership_of;

/// What one commit makes of the members of one room.
#[derive(Default)]
pub(super) struct MemberRows {
    records: HashMap<UserSid, Option<MembershipRecord>>,
    servers: BTreeMap<ServerSid, Servers>,
    /// The users of this server who joined, or are not joined any more.
    local: BTreeMap<UserSid, bool>,
}

/// How many users of a server are joined.
struct Servers {
    before: u64,
    now: u64,
}

/// One member whose entry in the current state changed.
struct Changed {
    user: UserSid,
    user_id: OwnedUserId,
    /// The member event; none if the entry is gone.
    event: Option<EventSid>,
}

impl MemberRows {
    /// Follows what the event at `index` changed in the room's current state.
    pub(super) fn follow(
        &mut self,
        write: &mut RoomWrite<'_>,
        txn: &mut Txn,
        index: usize,
        position: Position,
    ) -> Result<(), Error> {
        for changed in changes(write, index)? {
            let local = write.rooms.is_local(&changed.user_id);
            let old = self.record(write, &changed)?;
            let new = new_record(write, index, position, &changed, old.as_ref())?;
            self.write(write, txn, &changed, old.as_ref(), new.as_ref())?;
            if local {
                self.tell(write, txn, index, position, &changed, new.as_ref());
            }
            self.records.insert(changed.user, new);
        }
        Ok(())
    }

    /// Writes the counts by server; says who of this server's users is joined now and was not, or the other way round.
    pub(super) fn finish(self, write: &RoomWrite<'_>, txn: &mut Txn) -> BTreeMap<UserSid, bool> {
        let room = write.room.sid;
        for (server, count) in self.servers {
            match (count.before, count.now) {
                (before, now) if before == now => continue,
                (_, 0) => {
                    ROOM_SERVERS.delete(&mut txn.batch, &(room, server));
                    SERVER_ROOMS.delete(&mut txn.batch, &(server, room));
                }
                (_, now) => {
                    ROOM_SERVERS.put(&mut txn.batch, &(room, server), &now);
                    SERVER_ROOMS.put(&mut txn.batch, &(server, room), &());
                }
            }
        }
        self.local
    }

    fn record(&self, write: &RoomWrite<'_>, changed: &Changed) -> Result<Option<MembershipRecord>, Error> {
        match self.records.get(&changed.user) {
            Some(record) => Ok(record.clone()),
            None => MEMBERSHIPS.get(write.rooms.store.engine(), &(changed.user, write.room.sid)),
        }
    }

    fn write(
        &mut self,
        write: &mut RoomWrite<'_>,
        txn: &mut Txn,
        changed: &Changed,
        old: Option<&MembershipRecord>,
        new: Option<&MembershipRecord>,
    ) -> Result<(), Error> {
        let (room, user) = (write.room.sid, changed.user);
        let (was, is) = (old.map(|record| record.membership), new.map(|record| record.membership));
        match new {
            Some(record) => MEMBERSHIPS.put(&mut txn.batch, &(user, room), record),
            None => MEMBERSHIPS.delete(&mut txn.batch, &(user, room)),
        }
        if was == is {
            return Ok(());
        }
        if let Some(was) = was {
            ROOM_MEMBERS.delete(&mut txn.batch, &(room, was as u8, user));
        }
        if let Some(is) = is {
            ROOM_MEMBERS.put(&mut txn.batch, &(room, is as u8, user), &());
        }
        let change = |count: u64, of: Membership| {
            (count + u64::from(is == Some(of))).saturating_sub(u64::from(was == Some(of)))
        };
        write.heads.joined = change(write.heads.joined, Membership::Join);
        write.heads.invited = change(write.heads.invited, Membership::Invite);
        if was == Some(Membership::Join) || is == Some(Membership::Join) {
            let server = self.server(write, &changed.user_id)?;
            server.now = change(server.now, Membership::Join);
            if write.rooms.is_local(&changed.user_id) {
                self.local.insert(user, is == Some(Membership::Join));
                match is {
                    Some(Membership::Join) => LOCAL_JOINED.put(&mut txn.batch, &(room, user), &()),
                    _ => LOCAL_JOINED.delete(&mut txn.batch, &(room, user)),
                }
            }
        }
        Ok(())
    }

    fn server(&mut self, write: &RoomWrite<'_>, user_id: &UserId) -> Result<&mut Servers, Error> {
        let sid = write.rooms.store.ids().server(user_id.server_name())?;
        let stored = match self.servers.contains_key(&sid) {
            true => 0,
            false => ROOM_SERVERS.get(write.rooms.store.engine(), &(write.room.sid, sid))?.unwrap_or(0),
        };
        Ok(self.servers.entry(sid).or_insert(Servers { before: stored, now: stored }))
    }

    /// A row in the stream of a local user's memberships.
    fn tell(
        &self,
        write: &RoomWrite<'_>,
        txn: &mut Txn,
        index: usize,
        position: Position,
        changed: &Changed,
        new: Option<&MembershipRecord>,
    ) {
        let room = write.room.sid;
        let Some(event) = new.map(|record| record.event).or(changed.event) else { return };
        let membership = new.map_or(Membership::Leave, |record| record.membership);
        MEMBERSHIP_STREAM.put(
            &mut txn.batch,
            &(changed.user, position),
            &MembershipChange { room, membership, event },
        );
        if write.events[index].sid != event {
            // Not the event that is announced anyway: the membership changed because forks were resolved.
            txn.change(position, ChangeKind::Membership { room, user: changed.user });
        }
    }
}

/// The members whose entries the event at `index` changed.
fn changes(write: &RoomWrite<'_>, index: usize) -> Result<Vec<Changed>, Error> {
    let event = &write.events[index];
    let Some(place) = &event.meta.place else { return Ok(Vec::new()) };
    let ids = write.rooms.store.ids();
    let mut changes = Vec::new();
    for (key, _, now) in write.states.diff(event.room_state_before, place.room_state)? {
        let (kind, state_key) = ids.state_key_of(key)?;
        if kind == "m.room.member"
            && let Ok(user_id) = UserId::parse(state_key)
        {
            changes.push(Changed { user: ids.user(&user_id)?, user_id, event: now });
        }
    }
    Ok(changes)
}

fn new_record(
    write: &RoomWrite<'_>,
    index: usize,
    position: Position,
    changed: &Changed,
    old: Option<&MembershipRecord>,
) -> Result<Option<MembershipRecord>, Error> {
    let Some(event) = changed.event else {
        // The resolved state knows nothing of a member any more. Those who were there keep the room among the left.
        return Ok(old.map(|old| MembershipRecord {
            membership: Membership::Leave,
            position,
            ..old.clone()
        }));
    };
    let pdu = write.pdu(event)?;
    debug_assert_eq!(*pdu.kind(), TimelineEventType::RoomMember);
    let membership = membership_of(&pdu).unwrap_or(Membership::Leave);
    let gone = matches!(membership, Membership::Leave | Membership::Ban);
    let outside = matches!(membership, Membership::Invite | Membership::Knock);
    let stripped_state = match outside && write.rooms.is_local(&changed.user_id) {
        true => Some(write.stripped_state(index, &pdu)?),
        false => None,
    };
    // A member who changes a name is still there since when they came: what they have not read stays unread.
    let stays = old.filter(|old| old.membership == Membership::Join && membership == Membership::Join);
    Ok(Some(MembershipRecord {
        membership,
        event,
        position: stays.map_or(position, |old| old.position),
        sender: write.rooms.store.ids().user(pdu.sender())?,
        forgotten: gone && old.is_some_and(|old| old.forgotten),
        stripped_state,
        was_joined: membership == Membership::Join || old.is_some_and(|old| old.was_joined),
        is_direct: membership == Membership::Invite && pdu.content_field::<bool>("is_direct") == Some(true),
    }))
}
