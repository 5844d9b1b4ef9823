//! Events as application services get them: whole, whoever may see them, and with what they replaced.
//! <https://spec.matrix.org/v1.19/application-service-api/#pushing-events>

use kith_event::{
    Pdu, RoomVersion,
    client_format::{RoomIdIn, Unsigned, client_event},
    parse_pdu,
};
use kith_store::{
    Error, EventSid, RoomSid, UserSid,
    state::RoomStates,
    tables::{
        events::{EVENT_META, EventMeta},
        members::Membership,
    },
};
use serde_json::value::RawValue;

use super::{age, raw};
use crate::{Rooms, filter::is_never_shown};

impl Rooms {
    /// An event as an application service gets it; `None` if it is gone, or of a kind that nobody is shown.
    pub fn render_whole(&self, event: EventSid) -> Result<Option<Box<RawValue>>, Error> {
        self.render_whole_with(event, None)
    }

    /// The event with which a user of this server is invited or knocks, with what the room shows of itself; `None` if
    /// the event is no longer that.
    pub fn render_with_face(&self, event: EventSid, user: UserSid) -> Result<Option<Box<RawValue>>, Error> {
        let Some(meta) = EVENT_META.get(self.store.engine(), &event)? else { return Ok(None) };
        let member = self.membership_record(user, meta.room)?.filter(|record| record.event == event);
        let face = member.and_then(|record| Some((name_of_face(record.membership)?, record.stripped_state?)));
        let Some((name, face)) = face else { return Ok(None) };
        self.render_whole_with(event, Some((name, &face)))
    }

    /// The event with which a user of this server is invited to a room that this server is not in, or knocks there.
    pub fn render_outside(&self, room: RoomSid, user: UserSid) -> Result<Option<Box<RawValue>>, Error> {
        let Some(outside) = self.find_outside(room, user)? else { return Ok(None) };
        let Some(member) = self.membership_record(user, room)? else { return Ok(None) };
        let corrupt = || Error::Corrupt { table: "outside", what: "event" };
        let version = RoomVersion::find(&outside.version).ok_or_else(corrupt)?;
        let pdu = parse_pdu(version, &outside.event).map_err(|_| corrupt())?;
        let shown = name_of_face(member.membership).zip(member.stripped_state.as_deref());
        let extra: Vec<(&str, &str)> = shown.into_iter().collect();
        let unsigned = Unsigned { age: Some(self.age_of(&pdu)), extra: &extra, ..Unsigned::default() };
        Ok(Some(raw(client_event(&pdu, &unsigned, RoomIdIn::Event))))
    }

    fn render_whole_with(
        &self,
        event: EventSid,
        face: Option<(&str, &str)>,
    ) -> Result<Option<Box<RawValue>>, Error> {
        let Some(meta) = EVENT_META.get(self.store.engine(), &event)? else { return Ok(None) };
        let Some(pdu) = self.find_pdu(event)?.filter(|pdu| !is_never_shown(pdu)) else { return Ok(None) };
        let replaced = self.replaced_by(event, &meta)?;
        let because = match meta.redacted_by {
            Some(redaction) => {
                Some(client_event(&self.pdu(redaction)?, &Unsigned::default(), RoomIdIn::Event))
            }
            None => None,
        };
        let extra: Vec<(&str, &str)> = face.into_iter().collect();
        let unsigned = Unsigned {
            age: Some(self.age_of(&pdu)),
            prev_content: replaced.as_ref().map(Pdu::content_text),
            prev_sender: replaced.as_ref().map(|replaced| &**replaced.sender()),
            replaces_state: replaced.as_ref().map(|replaced| &**replaced.event_id()),
            redacted_because: because.as_deref(),
            extra: &extra,
            ..Unsigned::default()
        };
        Ok(Some(raw(client_event(&pdu, &unsigned, RoomIdIn::Event))))
    }

    /// The state event that a state event took the place of.
    fn replaced_by(&self, event: EventSid, meta: &EventMeta) -> Result<Option<Pdu>, Error> {
        let (Some(place), Some(state_key)) = (&meta.place, meta.state_key) else { return Ok(None) };
        let states = RoomStates::new(self.store.engine(), meta.room, self.store.state_cache());
        let before = states.get(place.state_before, state_key)?.filter(|before| *before != event);
        before.map(|before| self.pdu(before)).transpose()
    }

    fn age_of(&self, pdu: &Pdu) -> i64 {
        age(self.clock.now_ms(), pdu.origin_server_ts())
    }
}

/// Under which name an event brings along what the room shows of itself.
fn name_of_face(membership: Membership) -> Option<&'static str> {
    match membership {
        Membership::Invite => Some("invite_room_state"),
        Membership::Knock => Some("knock_room_state"),
        Membership::Join | Membership::Leave | Membership::Ban => None,
    }
}
