//! What a server that has just joined has to know of a room: its state before the join, and what that leans on.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid>

use std::collections::HashSet;

use kith_event::Pdu;
use kith_store::{
    Error, EventSid, ServerSid,
    state::StateRoot,
    tables::events::{EventMeta, get_meta},
};
use ruma::{OwnedServerName, UserId, events::StateEventType};

use super::ResidentError;
use crate::{Rooms, commit::STRIPPED_TYPES, room::Room, serve::state::list_of};

/// The answer to a join.
#[derive(Clone, Debug)]
pub struct JoinAnswer {
    /// The join as it is in the room, with all its signatures.
    pub event: Pdu,
    /// The state before it, as a JSON array of events.
    pub state: String,
    /// What the join and the state lean on, as a JSON array of events.
    pub auth_chain: String,
    /// Members were left out of the state.
    pub members_omitted: bool,
    /// The servers that were in the room before.
    pub servers_in_room: Vec<OwnedServerName>,
}

impl Rooms {
    pub(super) fn join_answer(
        &self,
        room: &Room,
        event: EventSid,
        omit_members: bool,
        servers: &[ServerSid],
    ) -> Result<JoinAnswer, ResidentError> {
        let read = self.store.engine();
        let meta = get_meta(read, event)?;
        let missing = || Error::Missing { table: "event_meta", key: format!("place of {}", event.0) };
        let root = meta.place.as_ref().ok_or_else(missing)?.state_before;
        let mut state = Vec::new();
        let told = if omit_members { self.told_members(room, root, &meta)? } else { HashSet::new() };
        for (key, event) in self.state_at(room.sid, root).entries()? {
            if omit_members {
                let (kind, state_key) = self.store.ids().state_key_of(key)?;
                if kind == "m.room.member" && !told.contains(&state_key) {
                    continue;
                }
            }
            state.push(event);
        }
        let leaning: Vec<EventSid> = state.iter().copied().chain([event]).collect();
        let mut auth_chain = self.auth_chain(read, room, &leaning)?;
        if omit_members {
            let told: HashSet<EventSid> = state.iter().copied().collect();
            auth_chain.retain(|event| !told.contains(event));
        }
        let names = servers.iter().map(|server| self.store.ids().server_name(*server));
        Ok(JoinAnswer {
            event: self.pdu(event)?,
            state: list_of(read, &state)?,
            auth_chain: list_of(read, &auth_chain)?,
            members_omitted: omit_members,
            servers_in_room: names.collect::<Result<_, _>>()?,
        })
    }

    /// The members that are told although members are left out, as state keys: what the user who joins was before,
    /// and those after whom the room is named where it has no name.
    fn told_members(&self, room: &Room, root: StateRoot, join: &EventMeta) -> Result<HashSet<String>, Error> {
        let mut told = vec![join.sender];
        if !self.has_name(room.sid, root)? {
            told.extend(self.heroes(self.store.engine(), room.sid, join.sender)?);
        }
        told.into_iter().map(|user| Ok(self.store.ids().user_id(user)?.to_string())).collect()
    }

    /// What of a room is shown to those who are not in it yet, as whole events; with the member event of whoever
    /// shows it.
    pub(crate) fn face(
        &self,
        room: &Room,
        root: StateRoot,
        shown_by: Option<&UserId>,
    ) -> Result<Vec<Pdu>, Error> {
        let state = self.state_at(room.sid, root);
        let mut face = Vec::new();
        for kind in STRIPPED_TYPES {
            face.extend(state.get(&kind, "")?);
        }
        if let Some(user) = shown_by {
            face.extend(state.get(&StateEventType::RoomMember, user.as_str())?);
        }
        Ok(face)
    }
}
