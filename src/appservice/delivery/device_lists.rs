//! For services that encrypt: whose devices changed, who came into sight and out of it, and how many keys the devices of
//! the service's own users have left.
//! <https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/3202-encrypted-appservices.md>

use std::collections::{BTreeMap, BTreeSet};

use kith_event::Pdu;
use kith_store::{
    Direction, Error, EventSid, Position, RoomSid, UserSid,
    tables::{devices::DEVICES, members::Membership, one_time_keys},
};
use ruma::{
    OwnedUserId, UserId,
    events::{StateEventType, TimelineEventType},
};
use serde_json::{Map, Value, json};

use crate::{Bridges, Service};

/// How many users one transaction names, but for the members of one more room.
const USERS_MAX: usize = 1_000;
/// How many users' keys are counted in one transaction.
const COUNTED_USERS_MAX: usize = 100;
/// The algorithm that every client uses; it is always listed.
const ALGORITHM: &str = "signed_curve25519";

/// Whose devices have to be asked for again, and whose need not be kept.
#[derive(Default)]
pub(super) struct DeviceLists {
    changed: BTreeSet<UserSid>,
    left: BTreeSet<UserSid>,
}

impl DeviceLists {
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.left.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.changed.len() + self.left.len() >= USERS_MAX
    }

    pub(super) fn add_changed(&mut self, user: UserSid) {
        self.left.remove(&user);
        self.changed.insert(user);
    }

    /// Notes who comes into an encrypted room and who goes, and rooms that become encrypted.
    pub(super) fn add_event(
        &mut self,
        bridges: &Bridges,
        service: &Service,
        position: Position,
        event: EventSid,
        room: RoomSid,
        pdu: &Pdu,
    ) -> Result<(), Error> {
        if *pdu.kind() == TimelineEventType::RoomEncryption {
            return self.add_members(bridges, room);
        }
        if *pdu.kind() != TimelineEventType::RoomMember || !is_encrypted(bridges, room)? {
            return Ok(());
        }
        let Some(user_id) = pdu.state_key().and_then(|user| UserId::parse(user).ok()) else { return Ok(()) };
        let Some(user) = bridges.store.ids().find_user(&user_id)? else { return Ok(()) };
        let Some(member) = bridges.rooms.membership_record(user, room)? else { return Ok(()) };
        match member.membership {
            // Since then, not only with another name.
            Membership::Join if member.position == position => {
                if bridges.interests.owns(service, &user_id) {
                    self.add_members(bridges, room)?;
                }
                self.add_changed(user);
            }
            Membership::Leave | Membership::Ban if member.event == event => {
                let encrypted = |room| is_encrypted(bridges, room);
                let is_own = bridges.interests.owns(service, &user_id);
                if !is_own && !bridges.interests.in_a_room_that(service, user, encrypted)? {
                    self.changed.remove(&user);
                    self.left.insert(user);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add_members(&mut self, bridges: &Bridges, room: RoomSid) -> Result<(), Error> {
        let members = bridges.rooms.users_with(room, Membership::Join)?;
        members.into_iter().for_each(|user| self.add_changed(user));
        Ok(())
    }

    /// The members of the body that say it.
    pub(super) fn text(&self, bridges: &Bridges) -> Result<String, Error> {
        if self.is_empty() {
            return Ok(String::new());
        }
        let names = |users: &BTreeSet<UserSid>| -> Result<Vec<OwnedUserId>, Error> {
            users.iter().map(|user| bridges.store.ids().user_id(*user)).collect()
        };
        let lists = json!({ "changed": names(&self.changed)?, "left": names(&self.left)? });
        Ok(format!(",\"org.matrix.msc3202.device_lists\":{lists}"))
    }

    /// The members of the body that say how many keys the devices of the service's users have left: of those who get a
    /// message, and of those in the rooms of which the transaction says something.
    pub(super) fn key_counts(
        bridges: &Bridges,
        service: &Service,
        rooms: &BTreeSet<RoomSid>,
        recipients: BTreeSet<UserSid>,
    ) -> Result<String, Error> {
        let mut users = recipients;
        for room in rooms {
            for user in bridges.rooms.local_joined(*room)?.iter() {
                if users.len() < COUNTED_USERS_MAX && bridges.interests.owns_sid(service, *user)? {
                    users.insert(*user);
                }
            }
        }
        let read = bridges.store.engine();
        let (mut counts, mut unused) = (Map::new(), Map::new());
        for user in users {
            let (mut counts_of_user, mut unused_of_user) = (Map::new(), Map::new());
            for row in DEVICES.scan(read, &(user,), Direction::Forward) {
                let ((_, device_id), _) = row?;
                let Some(keys) = one_time_keys::KEY_COUNTS.get(read, &(user, device_id.clone()))? else {
                    continue;
                };
                let mut one_time: BTreeMap<String, u64> = keys.one_time;
                one_time.entry(ALGORITHM.to_owned()).or_insert(0);
                counts_of_user.insert(device_id.clone(), json!(one_time));
                unused_of_user.insert(device_id, json!(keys.unused_fallback));
            }
            if !counts_of_user.is_empty() {
                let user_id = bridges.store.ids().user_id(user)?.to_string();
                counts.insert(user_id.clone(), Value::Object(counts_of_user));
                unused.insert(user_id, Value::Object(unused_of_user));
            }
        }
        if counts.is_empty() {
            return Ok(String::new());
        }
        let (counts, unused) = (Value::Object(counts), Value::Object(unused));
        Ok(format!(
            ",\"org.matrix.msc3202.device_one_time_keys_count\":{counts},\
             \"org.matrix.msc3202.device_one_time_key_counts\":{counts},\
             \"org.matrix.msc3202.device_unused_fallback_key_types\":{unused}"
        ))
    }
}

fn is_encrypted(bridges: &Bridges, room: RoomSid) -> Result<bool, Error> {
    let state = bridges.rooms.current_state(room)?;
    Ok(state.event_of(&StateEventType::RoomEncryption, "")?.is_some())
}
