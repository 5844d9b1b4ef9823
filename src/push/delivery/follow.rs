//! From what happened to whom it is to be told by which pusher.

use std::{collections::BTreeSet, sync::Arc};

use kith_store::{
    Change, ChangeKind, Error, EventSid, Position, RoomSid, UserSid,
    tables::{
        events::{self, EventMeta, Verdict},
        members::{Membership, MembershipRecord},
        outside::OUTSIDE,
        rooms,
    },
};
use ruma::{
    UInt, UserId,
    events::AnySyncTimelineEvent,
    push::{Action, FlattenedJson, PushConditionRoomCtx},
    serde::Raw,
};
use serde_json::value::RawValue;

use super::{Notice, PusherId};
use crate::{Push, evaluate};

/// What a batch of changes means for pushers.
#[derive(Default)]
struct News {
    notices: Vec<(UserSid, Notice)>,
    badges: BTreeSet<UserSid>,
}

impl Push {
    /// Looks at what happened since the last time. Gives the pushers that somebody has to begin to serve.
    pub(super) fn follow(&self) -> Result<Vec<PusherId>, Error> {
        let until = self.store.visible();
        let seen = self.delivery.desk.lock().seen();
        if seen >= until {
            return Ok(Vec::new());
        }
        match self.store.changes().since(seen) {
            Some(mut changes) => {
                changes.retain(|change| change.position <= until);
                self.dispatch(&changes, until)
            }
            // The ring was too short, or the server has just started.
            None => self.look_back(seen, until),
        }
    }

    fn dispatch(&self, changes: &[Arc<Change>], until: Position) -> Result<Vec<PusherId>, Error> {
        let mut news = News::default();
        for change in changes {
            match self.note(change, &mut news) {
                // Damage to one row costs that row.
                Err(error @ (Error::Corrupt { .. } | Error::Missing { .. })) => {
                    tracing::error!(%error, ?change, "nobody is told of a change by a pusher");
                }
                noted => noted?,
            }
        }
        let mut mails = Vec::new();
        for (user, _) in &news.notices {
            mails.extend(self.delivery.desk.lock().owners.mails(*user));
        }
        self.plan_mails(&mails)?;
        let mut begin = Vec::new();
        let mut desk = self.delivery.desk.lock();
        for (user, notice) in news.notices {
            begin.extend(desk.push(user, &notice));
        }
        for user in news.badges {
            begin.extend(desk.touch_badge(user));
        }
        desk.see(until);
        Ok(begin)
    }

    fn note(&self, change: &Change, news: &mut News) -> Result<(), Error> {
        if let ChangeKind::Pushers { user } = change.kind {
            self.delivery.tallies.forget(user);
            return self.read_owner(user);
        }
        if self.delivery.desk.lock().owners.is_empty() {
            return Ok(());
        }
        let tallies = &self.delivery.tallies;
        match change.kind {
            ChangeKind::Event { room, event, member } => {
                if let Some(user) = member {
                    self.note_membership(room, user, change.position, Some(event), news)?;
                }
                self.note_event(room, event, change.position, news)?;
            }
            ChangeKind::Membership { room, user } => {
                self.note_membership(room, user, change.position, None, news)?;
            }
            ChangeKind::Receipt { room, user, .. } | ChangeKind::Unread { room, user }
                if self.has_pushers(user) =>
            {
                tallies.touch(user, room);
                news.badges.insert(user);
            }
            // Rules, or whom the user ignores.
            ChangeKind::AccountData { user, room: None } => tallies.forget(user),
            ChangeKind::Receipt { .. }
            | ChangeKind::Unread { .. }
            | ChangeKind::AccountData { .. }
            | ChangeKind::Pushers { .. }
            | ChangeKind::Typing { .. }
            | ChangeKind::Presence { .. }
            | ChangeKind::Profile { .. }
            | ChangeKind::ToDevice { .. }
            | ChangeKind::DeviceList { .. }
            | ChangeKind::Outbox { .. }
            | ChangeKind::ThreadSubscription { .. }
            | ChangeKind::Sticky { .. }
            | ChangeKind::Owed { .. }
            | ChangeKind::KeySignature { .. } => {}
        }
        Ok(())
    }

    fn note_event(
        &self,
        room: RoomSid,
        event: EventSid,
        position: Position,
        news: &mut News,
    ) -> Result<(), Error> {
        let audience = self.audience(room)?;
        if audience.is_empty() {
            return Ok(());
        }
        let meta = events::get_meta(self.store.engine(), event)?;
        if meta.verdict != Verdict::Accepted || meta.redacted_by.is_some() {
            return Ok(());
        }
        let tallies = &self.delivery.tallies;
        let flattened = self.flattened(event)?;
        let takes_away = flattened.get_str("type") == Some("m.room.redaction");
        let joined = rooms::get_heads(self.store.engine(), room)?.joined;
        let mut context = self.room_context(room, joined)?;
        for user in audience.iter().copied() {
            if user == meta.sender {
                // Whoever writes has read what is above.
                if meta.state_key.is_none() {
                    tallies.touch(user, room);
                    news.badges.insert(user);
                }
                continue;
            }
            let user_id = self.store.ids().user_id(user)?;
            let ruleset = self.ruleset(user, &user_id)?;
            let actions = evaluate::actions(&ruleset, &flattened, context.of(&user_id)?);
            let notify = actions.iter().any(Action::should_notify);
            if notify || takes_away {
                tallies.touch(user, room);
            }
            if notify && !self.ignores(user, &meta)? {
                let actions = actions.into();
                news.notices.push((user, Notice { position, room, event, actions, invite: false }));
            }
        }
        Ok(())
    }

    fn note_membership(
        &self,
        room: RoomSid,
        user: UserSid,
        position: Position,
        event: Option<EventSid>,
        news: &mut News,
    ) -> Result<(), Error> {
        if !self.has_pushers(user) {
            return Ok(());
        }
        self.delivery.tallies.touch(user, room);
        let Some(record) = self.rooms.membership_record(user, room)? else { return Ok(()) };
        if event.is_none_or(|event| event == record.event)
            && let Some(actions) = self.invite_actions(room, user, &record)?
        {
            let notice = Notice { position, room, event: record.event, actions, invite: true };
            news.notices.push((user, notice));
        }
        Ok(())
    }

    fn ignores(&self, user: UserSid, meta: &EventMeta) -> Result<bool, Error> {
        Ok(self.rooms.ignored_users(self.store.engine(), user)?.contains(&meta.sender))
    }

    /// What a user's rules say of an invite, if they want to hear of it.
    pub(super) fn invite_actions(
        &self,
        room: RoomSid,
        user: UserSid,
        record: &MembershipRecord,
    ) -> Result<Option<Arc<[Action]>>, Error> {
        let read = self.store.engine();
        if record.membership != Membership::Invite
            || self.rooms.ignored_users(read, user)?.contains(&record.sender)
        {
            return Ok(None);
        }
        let user_id = self.store.ids().user_id(user)?;
        let ruleset = self.ruleset(user, &user_id)?;
        let actions = match OUTSIDE.get(read, &(room, user))? {
            Some(outside) => {
                let Ok(event) = RawValue::from_string(outside.event) else { return Ok(None) };
                let flattened = FlattenedJson::from_raw(&Raw::<AnySyncTimelineEvent>::from_json(event));
                evaluate::actions(&ruleset, &flattened, &self.context_outside(room, &user_id)?).to_vec()
            }
            None => {
                let joined = rooms::get_heads(read, room)?.joined;
                let mut context = self.room_context(room, joined)?;
                let flattened = self.flattened(record.event)?;
                evaluate::actions(&ruleset, &flattened, context.of(&user_id)?).to_vec()
            }
        };
        Ok(actions.iter().any(Action::should_notify).then(|| actions.into()))
    }

    /// The context of a room that this server is not in: what is known is the user.
    fn context_outside(&self, room: RoomSid, user_id: &UserId) -> Result<PushConditionRoomCtx, Error> {
        let room_id = self.store.ids().room_id(room)?;
        let name = user_id.localpart().to_owned();
        Ok(PushConditionRoomCtx::new(room_id, UInt::MIN, user_id.to_owned(), name))
    }
}
