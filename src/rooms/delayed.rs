//! Events that are sent later: put off, listed, put off again, taken back, sent.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4140>
//!
//! Whether somebody may send an event is judged when it is sent. What ended is kept for some time for its user to
//! see.

mod ending;
mod run;

pub(crate) use ending::delay_or_transaction;

use kith_accounts::Requester;
use kith_store::{
    Direction, Error, Txn, UserSid,
    tables::delayed::{DELAYED_BY_USER, DELAYED_DUE, DELAYED_EVENTS, DelayedRecord, DelayedRequest},
};
use parking_lot::Mutex;
use ruma::{OwnedRoomId, events::TimelineEventType};
use serde_json::{Map, Value, value::RawValue};
use tokio::sync::Notify;

use crate::{
    Rooms, WriteError,
    acting::{check_not_suspended, not_in_room},
    send::SendError,
};

/// How many characters a delay id has: whoever knows it may do with the event what its user may.
const DELAY_ID_CHARACTERS: usize = 32;
/// How large a content may be, in bytes; what makes the event too large shows when it is sent.
const CONTENT_BYTES_MAX: usize = 65_536;
/// How long what ended is kept, in milliseconds, and how many of one user.
const ENDED_KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
const ENDED_KEPT_MAX: usize = 100;

/// An event that a client wants to have sent later.
#[derive(Clone, Debug)]
pub struct NewDelayed {
    /// The room.
    pub room_id: OwnedRoomId,
    /// The type.
    pub kind: TimelineEventType,
    /// The state key, if it is state.
    pub state_key: Option<String>,
    /// The content.
    pub content: Box<RawValue>,
    /// How long is waited, in milliseconds.
    pub delay_ms: u64,
    /// The client's transaction id.
    pub transaction_id: Option<String>,
    /// How long it is sticky once it is sent, in milliseconds, if it is.
    pub sticky_ms: Option<u64>,
}

/// An event that is, or was to be, sent later.
#[derive(Clone, Debug)]
pub struct Delayed {
    /// Its name before it has one.
    pub delay_id: String,
    /// The rest.
    pub record: DelayedRecord,
}

/// Why a delayed event could not be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum DelayError {
    /// Nobody may wait as long.
    #[error("an event can be put off for at most {0} milliseconds")]
    TooLong(u64),
    /// The user has too many waiting; when the next one is sent, in milliseconds from now.
    #[error("too many of your events are waiting to be sent")]
    TooMany(u64),
    /// There is no such event.
    #[error("there is no such delayed event")]
    NotFound,
    /// It has ended otherwise.
    #[error("the delayed event has been {0} already")]
    Ended(&'static str),
    /// The room does not take it.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// What putting off keeps in memory.
#[derive(Default)]
pub(crate) struct Delaying {
    /// One change at a time.
    changing: Mutex<()>,
    /// When the next one is due may have changed.
    replanned: Notify,
}

impl Rooms {
    /// Puts an event off. Repeating a transaction gives the same delay id.
    pub fn delay_event(&self, requester: &Requester, new: NewDelayed) -> Result<String, DelayError> {
        let max_ms = self.config.delayed_events.max_delay_seconds.saturating_mul(1_000);
        if new.delay_ms > max_ms {
            return Err(DelayError::TooLong(max_ms));
        }
        if new.delay_ms == 0 {
            return Err(SendError::Invalid("the delay has to be more than nothing".to_owned()).into());
        }
        let content: Map<String, Value> = serde_json::from_str(new.content.get())
            .map_err(|error| SendError::Write(WriteError::Malformed(error.to_string())))?;
        if new.content.get().len() > CONTENT_BYTES_MAX {
            return Err(SendError::Write(WriteError::TooLarge("the content is too large".to_owned())).into());
        }
        check_not_suspended(requester).map_err(SendError::from)?;
        let absent = || SendError::from(not_in_room());
        let room = self.store.ids().find_room(&new.room_id)?.ok_or_else(absent)?;
        if !self.is_joined(requester.user, room)? {
            return Err(absent().into());
        }
        let device = requester.device_id.as_ref().map(ToString::to_string);
        let request = DelayedRequest {
            device: device.clone().unwrap_or_default(),
            endpoint: format!("{room:?} {} {:?}", new.kind, new.state_key),
            transaction_id: new.transaction_id,
        };
        let changing = self.delaying.changing.lock();
        let mut txn = self.store.begin();
        if let Some(delay_id) = self.make_room(&mut txn, requester.user, &request)? {
            return Ok(delay_id);
        }
        let (delay_id, now_ms) = (self.random.alphanumeric(DELAY_ID_CHARACTERS), self.clock.now_ms());
        let record = DelayedRecord {
            user: requester.user,
            device,
            room,
            kind: new.kind.to_string(),
            state_key: new.state_key,
            content: Value::Object(content).to_string(),
            delay_ms: new.delay_ms,
            running_since_ms: now_ms,
            due_ms: now_ms.saturating_add(new.delay_ms),
            end: None,
            sticky_ms: new.sticky_ms,
        };
        DELAYED_EVENTS.put(&mut txn.batch, &delay_id, &record);
        DELAYED_BY_USER.put(&mut txn.batch, &(requester.user, delay_id.clone()), &request);
        DELAYED_DUE.put(&mut txn.batch, &(record.due_ms, delay_id.clone()), &());
        let committed = self.store.commit(txn)?;
        drop(changing);
        committed.wait_durable()?;
        self.delaying.replanned.notify_one();
        Ok(delay_id)
    }

    /// A user's delayed events, those that ended lately among them, in the order in which they are or were due.
    pub fn delayed_events(&self, user: UserSid) -> Result<Vec<Delayed>, Error> {
        let mut found = Vec::new();
        for row in DELAYED_BY_USER.scan(self.store.engine(), &(user,), Direction::Forward) {
            let ((_, delay_id), _) = row?;
            if let Some(record) = DELAYED_EVENTS.get(self.store.engine(), &delay_id)? {
                found.push(Delayed { delay_id, record });
            }
        }
        found.sort_by_key(|delayed| delayed.record.due_ms);
        Ok(found)
    }

    /// One of a user's delayed events.
    pub fn find_delayed_event(&self, user: UserSid, delay_id: &str) -> Result<Option<Delayed>, Error> {
        let delay_id = delay_id.to_owned();
        let record = DELAYED_EVENTS.get(self.store.engine(), &delay_id)?;
        Ok(record.filter(|record| record.user == user).map(|record| Delayed { delay_id, record }))
    }

    /// Whether there is a delayed event of this name, be it one that ended lately.
    pub fn is_delayed_event(&self, delay_id: &str) -> Result<bool, Error> {
        DELAYED_EVENTS.contains(self.store.engine(), &delay_id.to_owned())
    }

    /// Forgets what ended long ago, and says whether there may be one more. Gives the delay id if the request was
    /// made before.
    fn make_room(
        &self,
        txn: &mut Txn,
        user: UserSid,
        request: &DelayedRequest,
    ) -> Result<Option<String>, DelayError> {
        let now_ms = self.clock.now_ms();
        let (mut waiting, mut ended) = (Vec::new(), Vec::new());
        for Delayed { delay_id, record } in self.delayed_events(user)? {
            let key = (user, delay_id);
            let made_by = DELAYED_BY_USER.get(self.store.engine(), &key)?;
            if request.transaction_id.is_some() && made_by.as_ref() == Some(request) {
                return Ok(Some(key.1));
            }
            match record.end {
                None => waiting.push(record.due_ms),
                Some(end) => ended.push((end.at_ms, key)),
            }
        }
        if waiting.len()
            >= usize::try_from(self.config.delayed_events.waiting_per_user_max).unwrap_or(usize::MAX)
        {
            let next_ms = waiting.first().copied().unwrap_or_default();
            return Err(DelayError::TooMany(next_ms.saturating_sub(now_ms)));
        }
        ended.sort_unstable();
        let surplus = ended.len().saturating_sub(ENDED_KEPT_MAX);
        for (index, (at_ms, key)) in ended.into_iter().enumerate() {
            if index < surplus || at_ms < now_ms.saturating_sub(ENDED_KEPT_MS) {
                DELAYED_EVENTS.delete(&mut txn.batch, &key.1);
                DELAYED_BY_USER.delete(&mut txn.batch, &key);
            }
        }
        Ok(None)
    }
}

impl From<Error> for DelayError {
    fn from(error: Error) -> Self {
        Self::Send(error.into())
    }
}
