//! What a notice is about, in the words of a notification: the event, who sent it, and what the room is called.

use kith_event::Pdu;
use kith_store::{
    Error, Read, RoomSid, UserSid,
    tables::{
        events::{EVENT_META, Verdict},
        members::{MEMBERSHIPS, Membership, MembershipRecord},
        outside::OUTSIDE,
        rooms,
    },
};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, UserId, events::StateEventType};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Notice;
use crate::{Push, notifications::thread_of};

/// An event as a notification tells it.
pub(super) struct Subject {
    pub(super) event_id: OwnedEventId,
    pub(super) room_id: OwnedRoomId,
    pub(super) kind: String,
    pub(super) sender: OwnedUserId,
    pub(super) sender_name: Option<String>,
    pub(super) content: Box<RawValue>,
    /// Of member events, whether they are about the user.
    pub(super) user_is_target: Option<bool>,
    pub(super) room_name: Option<String>,
    pub(super) room_alias: Option<String>,
}

/// What an invite to a room elsewhere says.
#[derive(Deserialize)]
struct Invite {
    sender: OwnedUserId,
    content: Box<RawValue>,
}

/// What the members of a room elsewhere say of themselves.
#[derive(Deserialize)]
struct Stripped {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    state_key: String,
    content: Named,
}

#[derive(Default, Deserialize)]
struct Named {
    displayname: Option<String>,
}

impl Push {
    /// What a notice is about; none if the user has read it meanwhile, or it is gone.
    pub(super) fn subject(
        &self,
        view: &dyn Read,
        user: UserSid,
        user_id: &UserId,
        notice: &Notice,
    ) -> Result<Option<Subject>, Error> {
        if !notice.invite {
            if !self.is_news(view, user, user_id, notice)? {
                return Ok(None);
            }
            return self.subject_in_room(view, user, user_id, notice).map(Some);
        }
        let record = MEMBERSHIPS.get(view, &(user, notice.room))?;
        let Some(record) =
            record.filter(|record| record.membership == Membership::Invite && record.event == notice.event)
        else {
            return Ok(None);
        };
        match OUTSIDE.get(view, &(notice.room, user))? {
            Some(outside) => self.subject_outside(notice, &record, &outside.event),
            None => self.subject_in_room(view, user, user_id, notice).map(Some),
        }
    }

    /// Whether an event is still there and the user has not read it.
    fn is_news(
        &self,
        view: &dyn Read,
        user: UserSid,
        user_id: &UserId,
        notice: &Notice,
    ) -> Result<bool, Error> {
        let Some(meta) = EVENT_META.get(view, &notice.event)? else { return Ok(false) };
        if meta.verdict != Verdict::Accepted || meta.redacted_by.is_some() {
            return Ok(false);
        }
        let thread = thread_of(&meta);
        let unread = self.unread(view, user, user_id, notice.room, self.store.visible())?;
        let counts = thread.map_or(Some(unread.main), |root| unread.threads.get(&root).copied());
        Ok(counts.is_some_and(|counts| counts.notifications > 0)
            && !self.is_read(view, user, notice.room, thread, notice.position)?)
    }

    fn subject_in_room(
        &self,
        view: &dyn Read,
        user: UserSid,
        user_id: &UserId,
        notice: &Notice,
    ) -> Result<Subject, Error> {
        let pdu = self.rooms.pdu(notice.event)?;
        let heads = rooms::get_heads(view, notice.room)?;
        let summary = self.rooms.summary_at(view, notice.room, heads.state)?;
        let room_alias = summary.canonical_alias.map(|alias| alias.to_string());
        let room_name = match summary.name {
            None if room_alias.is_none() => {
                let others = (heads.joined + heads.invited).saturating_sub(1);
                self.name_by_heroes(view, notice.room, user, others)?
            }
            name => name,
        };
        Ok(Subject {
            event_id: pdu.event_id().clone(),
            room_id: self.store.ids().room_id(notice.room)?,
            kind: pdu.kind_text().into_owned(),
            sender: pdu.sender().clone(),
            sender_name: self.member_name(notice.room, pdu.sender())?,
            content: pdu.content().to_owned(),
            user_is_target: is_about(&pdu, user_id),
            room_name,
            room_alias,
        })
    }

    fn subject_outside(
        &self,
        notice: &Notice,
        record: &MembershipRecord,
        event: &str,
    ) -> Result<Option<Subject>, Error> {
        let Ok(invite) = serde_json::from_str::<Invite>(event) else { return Ok(None) };
        let stripped = record.stripped_state.as_deref().unwrap_or("[]");
        let summary = self.rooms.summary_of_stripped(notice.room, stripped)?;
        let members: Vec<Box<RawValue>> = serde_json::from_str(stripped).unwrap_or_default();
        let sender_name = members.iter().find_map(|member| {
            let member: Stripped = serde_json::from_str(member.get()).ok()?;
            let is_sender = member.kind == "m.room.member" && member.state_key == *invite.sender.as_str();
            is_sender.then_some(member.content.displayname)?
        });
        Ok(Some(Subject {
            event_id: self.store.ids().event_id(notice.event)?,
            room_id: self.store.ids().room_id(notice.room)?,
            kind: "m.room.member".to_owned(),
            sender: invite.sender,
            sender_name,
            content: invite.content,
            user_is_target: Some(true),
            room_name: summary.name,
            room_alias: summary.canonical_alias.map(|alias| alias.to_string()),
        }))
    }

    /// What a room without a name is called after its members, as far as a few words can say.
    fn name_by_heroes(
        &self,
        view: &dyn Read,
        room: RoomSid,
        user: UserSid,
        others: u64,
    ) -> Result<Option<String>, Error> {
        let mut names = Vec::new();
        for hero in self.rooms.heroes(view, room, user)?.into_iter().take(2) {
            let hero_id = self.store.ids().user_id(hero)?;
            names.push(self.member_name(room, &hero_id)?.unwrap_or_else(|| hero_id.to_string()));
        }
        Ok(match names.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            [one, two, ..] if others <= 2 => Some(format!("{one} and {two}")),
            [one, ..] => Some(format!("{one} and {} others", others - 1)),
        })
    }

    fn member_name(&self, room: RoomSid, user_id: &UserId) -> Result<Option<String>, Error> {
        let member = self.rooms.current_state(room)?.get(&StateEventType::RoomMember, user_id.as_str())?;
        Ok(member.and_then(|member| member.content_field("displayname")))
    }
}

fn is_about(pdu: &Pdu, user_id: &UserId) -> Option<bool> {
    (pdu.kind_text() == "m.room.member").then(|| pdu.state_key() == Some(user_id.as_str()))
}
