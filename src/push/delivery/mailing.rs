//! Pushers that write mails: not at once, but for what is unread after a while, and not often about one room.
//!
//! Nothing is kept per event. The first event that a user is to be told of sets the time; what the mail says is read
//! when that has come. A row says when, and what was mailed.

use std::{collections::BTreeMap, sync::Arc};

use kith_base::Mail;
use kith_store::{
    Direction, Error, Position, RoomSid,
    tables::pushers::{MailedRecord, MailsRecord, PUSHER_MAILS, PUSHERS, PusherKind, PusherRecord},
};
use ruma::{RoomId, UserId};
use serde_json::{Map, Value};

use super::{Notice, PusherId, subject::Subject};
use crate::{
    Push,
    mails::{MailedMessage, MailedRoom},
    notifications::Wanted,
};

/// How many mails are written and handed over at the same time. Fewer than the mailer takes: whoever waits for a link
/// does not wait for these.
pub(super) const MAILS_AT_ONCE_MAX: usize = 4;
/// How many events a mail is about at most.
const MAILED_EVENTS_MAX: usize = 50;
/// How many of them it shows of each room.
const SHOWN_PER_ROOM_MAX: usize = 5;
/// How much of a message it shows, in characters.
const TEXT_CHARACTERS_MAX: usize = 300;
/// How much longer a room stays silent after each further mail about it, and how long at most, in milliseconds.
const PAUSE_FACTOR: u64 = 6;
const PAUSE_MAX_MS: u64 = 24 * 60 * 60 * 1_000;
/// After how long without a mail about it a room begins anew, in milliseconds.
const PAUSE_FORGOTTEN_MS: u64 = 12 * 60 * 60 * 1_000;
/// How long is waited after the relay did not take a mail, and how long at most, in milliseconds.
const RETRY_MIN_MS: u64 = 60_000;
const RETRY_MAX_MS: u64 = 6 * 60 * 60 * 1_000;

/// What there is to do when the time for a mail has come.
enum Due {
    /// Everything up to here has been read, or the pusher is gone.
    Nothing(Position),
    /// The rooms have to stay silent until then.
    Later(u64),
    /// This is to be sent.
    Mail(Box<Ready>),
}

/// A mail, and what is noted once it is sent.
struct Ready {
    mail: Mail,
    until: Position,
    rooms: Vec<RoomSid>,
}

impl Push {
    /// Plans mails, unless they are planned already.
    pub(super) fn plan_mails(&self, ids: &[PusherId]) -> Result<(), Error> {
        let due_ms = self.clock.now_ms().saturating_add(self.mail_delay_ms());
        for id in ids {
            if self.delivery.desk.lock().needs_mail(id, due_ms) {
                self.plan_mail(id, due_ms)?;
            }
        }
        Ok(())
    }

    fn plan_mail(&self, id: &PusherId, due_ms: u64) -> Result<(), Error> {
        let Some(mut record) = PUSHER_MAILS.get(self.store.engine(), id.key())? else { return Ok(()) };
        record.due_ms = Some(due_ms);
        let mut txn = self.store.begin();
        PUSHER_MAILS.put(&mut txn.batch, id.key(), &record);
        // The log keeps the order: the row is durable before any cursor that has passed the event is.
        drop(self.store.commit(txn)?);
        self.delivery.desk.lock().plan_mail(id, due_ms);
        self.delivery.replanned.notify_one();
        Ok(())
    }

    /// Reads which mails were planned when the server stopped.
    pub(super) fn load_mails(&self) -> Result<(), Error> {
        for row in PUSHER_MAILS.scan(self.store.engine(), &(), Direction::Forward) {
            let (key, record) = row?;
            if let Some(due_ms) = record.due_ms {
                self.delivery.desk.lock().plan_mail(&PusherId::new(key), due_ms);
            }
        }
        Ok(())
    }

    /// Writes the mail whose time has come.
    pub(super) async fn mail(self: Arc<Self>, id: PusherId) {
        let Some((mailer, _)) = &self.mailer else { return };
        // The semaphore is never closed, so this waits and does not fail.
        let _turn = self.delivery.mails.acquire().await;
        let (push, of) = (Arc::clone(&self), id.clone());
        let due = match self.tasks.blocking(move || push.mail_due(&of)).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "a mail to a user could not be written and will be tried again");
                Due::Later(self.clock.now_ms().saturating_add(RETRY_MIN_MS))
            }
        };
        let ready = match due {
            Due::Mail(ready) => ready,
            other => return self.settle_mail(id, other, None).await,
        };
        let stopping = self.tasks.stopping();
        let outcome = tokio::select! {
            // It is still noted as due.
            () = stopping.cancelled() => return,
            outcome = mailer.send(ready.mail.clone()) => outcome,
        };
        let word = if outcome.is_ok() { "taken" } else { "failed" };
        metrics::counter!("kith_push_mails_total", "outcome" => word).increment(1);
        if let Err(error) = &outcome {
            tracing::warn!(%error, "a mail to a user was not sent and will be tried again");
        }
        self.settle_mail(id, Due::Mail(ready), Some(outcome.is_ok())).await;
    }

    async fn settle_mail(self: &Arc<Self>, id: PusherId, due: Due, sent: Option<bool>) {
        let push = Arc::clone(self);
        let settled = self.tasks.blocking(move || push.note_mail(&id, &due, sent)).await;
        if let Err(error) = settled {
            tracing::error!(%error, "what became of a mail could not be noted; it may be sent again");
        }
    }

    fn mail_due(&self, id: &PusherId) -> Result<Due, Error> {
        let pusher = PUSHERS.get(self.store.engine(), id.key())?;
        let pusher = pusher.filter(|pusher| pusher.enabled && pusher.kind == PusherKind::Email);
        let record = PUSHER_MAILS.get(self.store.engine(), id.key())?;
        let until = self.store.visible();
        let (Some(pusher), Some(record)) = (pusher, record) else { return Ok(Due::Nothing(until)) };
        let user_id = self.store.ids().user_id(id.user())?;
        let mut by_room: BTreeMap<RoomSid, Vec<Subject>> = BTreeMap::new();
        let view = self.store.read();
        for notice in self.unread_notices(id, &pusher, record.cursor, until)? {
            if let Some(subject) = self.subject(&*view, id.user(), &user_id, &notice)? {
                by_room.entry(notice.room).or_default().push(subject);
            }
        }
        if by_room.is_empty() {
            return Ok(Due::Nothing(until));
        }
        let now_ms = self.clock.now_ms();
        // A room that need not be silent brings the others along.
        let earliest_ms = by_room.keys().map(|room| ready_ms(&record, *room)).min().unwrap_or(now_ms);
        if earliest_ms > now_ms {
            return Ok(Due::Later(earliest_ms));
        }
        let rooms: Vec<RoomSid> = by_room.keys().copied().collect();
        let shown: Vec<MailedRoom> = by_room.values().map(|subjects| self.show(subjects)).collect();
        let unsubscribe = self.unsubscribe_link(id, &user_id, &record.secret);
        let Some((_, mails)) = &self.mailer else { return Ok(Due::Nothing(until)) };
        match mails.write(&id.key().2, user_id.as_str(), &shown, &unsubscribe) {
            Ok(mail) => Ok(Due::Mail(Box::new(Ready { mail, until, rooms }))),
            Err(error) => {
                tracing::error!(%error, "a template does not make a mail");
                Ok(Due::Nothing(until))
            }
        }
    }

    /// What the user has not read, oldest first.
    fn unread_notices(
        &self,
        id: &PusherId,
        pusher: &PusherRecord,
        cursor: Position,
        until: Position,
    ) -> Result<Vec<Notice>, Error> {
        let (user, after) = (id.user(), cursor.max(pusher.since));
        let user_id = self.store.ids().user_id(user)?;
        let view = self.store.read();
        let wanted = Wanted {
            user,
            user_id: &user_id,
            after,
            before: until.next(),
            count_max: MAILED_EVENTS_MAX,
            only_highlights: false,
            only_unread: true,
        };
        self.notices(&*view, &wanted, 0)
    }

    fn show(&self, subjects: &[Subject]) -> MailedRoom {
        let newest = &subjects[subjects.len() - 1];
        let name = newest.room_name.clone().or_else(|| newest.room_alias.clone());
        let name = name.unwrap_or_else(|| newest.room_id.to_string());
        let link = self.room_link(&newest.room_id);
        let invite = subjects.iter().any(|subject| subject.user_is_target == Some(true));
        let more = subjects.len().saturating_sub(SHOWN_PER_ROOM_MAX);
        let brief = self.config.push.event_id_only;
        let messages = subjects.iter().skip(more).map(|subject| MailedMessage {
            sender: subject.sender_name.clone().unwrap_or_else(|| subject.sender.to_string()),
            text: words(subject, brief),
        });
        MailedRoom { name, link, invite, messages: messages.collect(), more }
    }

    /// Where a room is read: in the operator's client, or whichever the reader has.
    fn room_link(&self, room_id: &RoomId) -> String {
        match &self.config.email.client_url {
            Some(url) => format!("{}/#/room/{room_id}", url.trim_end_matches('/')),
            None => room_id.matrix_to_uri().to_string(),
        }
    }

    fn unsubscribe_link(&self, id: &PusherId, user_id: &UserId, secret: &str) -> String {
        let base = self.config.client_base_url().unwrap_or_default();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("user_id", user_id.as_str()).append_pair("app_id", &id.key().1);
        query.append_pair("pushkey", &id.key().2).append_pair("secret", secret);
        format!("{base}/_matrix/client/unstable/pushers/unsubscribe?{}", query.finish())
    }

    fn note_mail(&self, id: &PusherId, due: &Due, sent: Option<bool>) -> Result<(), Error> {
        let read = self.store.engine();
        let pusher = PUSHERS.contains(read, id.key())?;
        let Some(mut record) = PUSHER_MAILS.get(read, id.key())?.filter(|_| pusher) else {
            return self.forget_mails(id);
        };
        let now_ms = self.clock.now_ms();
        record.due_ms = None;
        match (due, sent) {
            (Due::Later(due_ms), _) => record.due_ms = Some(*due_ms),
            (Due::Mail(_), Some(false)) => {
                record.interval_ms = record.interval_ms.saturating_mul(2).clamp(RETRY_MIN_MS, RETRY_MAX_MS);
                record.due_ms = Some(now_ms.saturating_add(record.interval_ms));
            }
            (Due::Mail(ready), _) => {
                record.cursor = ready.until.max(record.cursor);
                record.interval_ms = 0;
                let first_ms = self.mail_pause_ms();
                for room in &ready.rooms {
                    note_room(&mut record, *room, now_ms, first_ms);
                }
            }
            (Due::Nothing(until), _) => record.cursor = record.cursor.max(*until),
        }
        let mut txn = self.store.begin();
        PUSHER_MAILS.put(&mut txn.batch, id.key(), &record);
        self.store.commit_durably(txn)?;
        let mut desk = self.delivery.desk.lock();
        desk.mailed(id);
        if let Some(due_ms) = record.due_ms {
            desk.plan_mail(id, due_ms);
            drop(desk);
            self.delivery.replanned.notify_one();
            return Ok(());
        }
        drop(desk);
        self.plan_again(id, record.cursor)
    }

    /// A pusher went while its mail was on its way: nothing of it stays.
    fn forget_mails(&self, id: &PusherId) -> Result<(), Error> {
        let mut txn = self.store.begin();
        PUSHER_MAILS.delete(&mut txn.batch, id.key());
        drop(self.store.commit(txn)?);
        self.delivery.desk.lock().mailed(id);
        Ok(())
    }

    /// What came while the mail was on its way has planned none.
    fn plan_again(&self, id: &PusherId, cursor: Position) -> Result<(), Error> {
        let pusher = PUSHERS.get(self.store.engine(), id.key())?;
        let Some(pusher) = pusher.filter(|pusher| pusher.enabled) else { return Ok(()) };
        let until = self.delivery.desk.lock().seen();
        if !self.unread_notices(id, &pusher, cursor, until)?.is_empty() {
            self.plan_mails(std::slice::from_ref(id))?;
        }
        Ok(())
    }

    fn mail_delay_ms(&self) -> u64 {
        self.config.push.mail_delay_seconds.saturating_mul(1_000)
    }

    fn mail_pause_ms(&self) -> u64 {
        self.config.push.mail_pause_seconds.saturating_mul(1_000)
    }
}

/// When a mail may be about a room again, in unix milliseconds.
fn ready_ms(record: &MailsRecord, room: RoomSid) -> u64 {
    let mailed = record.rooms.iter().find(|mailed| mailed.room == room);
    mailed.map_or(0, |mailed| mailed.at_ms.saturating_add(mailed.pause_ms))
}

/// A mail was about a room. Each makes the next pause longer, until there was none for a while.
fn note_room(record: &mut MailsRecord, room: RoomSid, now_ms: u64, first_pause_ms: u64) {
    record.rooms.retain(|mailed| mailed.at_ms.saturating_add(PAUSE_MAX_MS) > now_ms);
    let place = record.rooms.iter().position(|mailed| mailed.room == room);
    let before = place.map(|place| record.rooms.swap_remove(place));
    let recent = before.filter(|mailed| mailed.at_ms.saturating_add(PAUSE_FORGOTTEN_MS) > now_ms);
    let pause_ms = recent.map_or(first_pause_ms, |mailed| mailed.pause_ms.saturating_mul(PAUSE_FACTOR));
    record.rooms.push(MailedRecord { room, at_ms: now_ms, pause_ms: pause_ms.min(PAUSE_MAX_MS) });
}

/// What a mail says of an event.
fn words(subject: &Subject, brief: bool) -> String {
    if subject.user_is_target == Some(true) {
        return "invites you".to_owned();
    }
    let content: Map<String, Value> = serde_json::from_str(subject.content.get()).unwrap_or_default();
    let body = content.get("body").and_then(Value::as_str).filter(|_| !brief);
    match body {
        Some(body) if subject.kind == "m.room.message" => {
            // One line: the mail is a list.
            let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
            match line.char_indices().nth(TEXT_CHARACTERS_MAX) {
                None => line,
                Some((end, _)) => format!("{}…", &line[..end]),
            }
        }
        _ if subject.kind == "m.room.encrypted" => "an encrypted message".to_owned(),
        _ => "a message".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_there_was_none_for_a_while() {
        let (mut record, room, other) = (MailsRecord::default(), RoomSid(1), RoomSid(2));
        let mut now_ms = 1_000_000;
        assert_eq!(ready_ms(&record, room), 0);
        for pause_ms in [1_000, 6_000, 36_000] {
            note_room(&mut record, room, now_ms, 1_000);
            assert_eq!(ready_ms(&record, room), now_ms + pause_ms);
            now_ms += pause_ms;
        }
        assert_eq!(ready_ms(&record, other), 0);
        now_ms += PAUSE_FORGOTTEN_MS;
        note_room(&mut record, room, now_ms, 1_000);
        assert_eq!(ready_ms(&record, room), now_ms + 1_000);
        note_room(&mut record, other, now_ms + PAUSE_MAX_MS, 1_000);
        assert_eq!(record.rooms.len(), 1);
    }
}
