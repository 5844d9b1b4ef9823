//! Taking away everything that a user wrote, for the server's operator, in the background.

use std::{collections::BTreeMap, sync::Arc};

use kith_accounts::Requester;
use kith_store::{
    Direction, Error, EventSid, RoomSid, UserSid,
    tables::{
        events::{EVENT_META, EventMeta, Verdict},
        members::Membership,
        rooms::TIMELINE,
    },
};
use parking_lot::Mutex;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, events::TimelineEventType};

use crate::Rooms;

/// How many events of the user are taken away in each room where nobody says.
const EVENTS_PER_ROOM: usize = 1_000;
/// How many events of a room are looked at in search of them.
const LOOKED_AT_MAX: usize = 200_000;
/// How many failures are told.
const FAILURES_MAX: usize = 1_000;
/// How many redactions of users are remembered, running or over.
const REMEMBERED_MAX: usize = 100;
const ID_CHARACTERS: usize = 16;

/// What is to be taken away.
#[derive(Clone, Debug)]
pub struct UserRedaction {
    /// Whose events.
    pub user_id: OwnedUserId,
    /// In which rooms; without any, wherever the user is or was.
    pub rooms: Vec<OwnedRoomId>,
    /// How many of the newest in each room.
    pub limit: Option<usize>,
    /// What the redactions say.
    pub reason: Option<String>,
    /// The operator does it, even where the user could.
    pub as_operator: bool,
}

/// How far that has come.
#[derive(Clone, Debug, Default)]
pub struct UserRedactionStatus {
    /// By which it is asked for.
    pub id: String,
    /// It is over.
    pub done: bool,
    /// Why it could not go on.
    pub error: Option<String>,
    /// What could not be taken away, and why.
    pub failed: BTreeMap<OwnedEventId, String>,
}

/// Those that are remembered, oldest first.
pub(crate) type UserRedactions = Mutex<Vec<UserRedactionStatus>>;

/// Why it was not begun.
#[derive(Debug, thiserror::Error)]
pub enum UserRedactionError {
    /// Nobody has ever heard of the user.
    #[error("there is no such user")]
    UnknownUser,
    /// One of the rooms is not known here.
    #[error("this server does not know the room {0}")]
    UnknownRoom(OwnedRoomId),
    /// Too many are running.
    #[error("too many users are being redacted at the moment")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Rooms {
    /// Takes away what a user wrote, in the background. Answers the id by which its progress is asked for.
    pub fn redact_user_later(
        self: &Arc<Self>,
        operator: &Requester,
        wanted: UserRedaction,
    ) -> Result<String, UserRedactionError> {
        let user = self.store.ids().find_user(&wanted.user_id)?.ok_or(UserRedactionError::UnknownUser)?;
        let rooms = self.rooms_to_redact(user, &wanted.rooms)?;
        let id = self.random.alphanumeric(ID_CHARACTERS);
        {
            let mut known = self.user_redactions.lock();
            if known.len() >= REMEMBERED_MAX {
                let over = known.iter().position(|status| status.done).ok_or(UserRedactionError::Busy)?;
                known.remove(over);
            }
            known.push(UserRedactionStatus { id: id.clone(), ..UserRedactionStatus::default() });
        }
        let (domain, operator, of) = (Arc::clone(self), operator.clone(), id.clone());
        let work = move || {
            let outcome = domain.redact_user(&operator, user, &wanted, &rooms, &of);
            domain.note_user_redaction(&of, |status| {
                status.done = true;
                status.error = outcome.err().map(|error| error.to_string());
            });
        };
        let tasks = self.tasks.clone();
        let supervisor = tasks.clone();
        supervisor.spawn("redacting a user", async move { tasks.blocking(work).await });
        Ok(id)
    }

    /// How far it has come.
    pub fn user_redaction(&self, id: &str) -> Option<UserRedactionStatus> {
        self.user_redactions.lock().iter().find(|status| status.id == id).cloned()
    }

    fn rooms_to_redact(
        &self,
        user: UserSid,
        named: &[OwnedRoomId],
    ) -> Result<Vec<RoomSid>, UserRedactionError> {
        let mut rooms = Vec::new();
        for room_id in named {
            let room = self.room(room_id)?;
            rooms.push(room.ok_or_else(|| UserRedactionError::UnknownRoom(room_id.clone()))?.sid);
        }
        if named.is_empty() {
            for (room, record) in self.rooms_of(user)? {
                let was_there =
                    matches!(record.membership, Membership::Join | Membership::Leave | Membership::Ban);
                if was_there && self.find_heads(room)?.is_some() {
                    rooms.push(room);
                }
            }
        }
        Ok(rooms)
    }

    fn redact_user(
        &self,
        operator: &Requester,
        user: UserSid,
        wanted: &UserRedaction,
        rooms: &[RoomSid],
        id: &str,
    ) -> Result<(), Error> {
        let own = match self.is_local(&wanted.user_id) && !wanted.as_operator {
            true => self.accounts.later_requester(user, None)?,
            false => None,
        };
        for room in rooms {
            let room_id = self.store.ids().room_id(*room)?;
            for event in self.events_of(*room, user, wanted.limit.unwrap_or(EVENTS_PER_ROOM))? {
                if self.tasks.stopping().is_cancelled() {
                    return Ok(());
                }
                let event_id = self.store.ids().event_id(event)?;
                let mut outcome = Err("nobody could do it".to_owned());
                // Who is not in the room any more can take nothing away there: then the operator tries.
                for requester in own.iter().chain([operator]) {
                    let redacted = self.redact(requester, &room_id, &event_id, wanted.reason.clone(), None);
                    outcome = redacted.map(drop).map_err(|error| error.to_string());
                    if outcome.is_ok() {
                        break;
                    }
                }
                if let Err(reason) = outcome {
                    self.note_user_redaction(id, |status| {
                        if status.failed.len() < FAILURES_MAX {
                            status.failed.insert(event_id, reason);
                        }
                    });
                }
            }
        }
        Ok(())
    }

    /// The newest events of a user in a room that there is anything to take away from.
    fn events_of(&self, room: RoomSid, user: UserSid, limit: usize) -> Result<Vec<EventSid>, Error> {
        let read = self.store.engine();
        let mut found = Vec::new();
        for row in TIMELINE.scan(read, &room, Direction::Backward).take(LOOKED_AT_MAX) {
            let (_, event) = row?;
            if found.len() >= limit {
                break;
            }
            let Some(meta) = EVENT_META.get(read, &event)? else { continue };
            if meta.sender == user && self.is_worth_redacting(event, &meta)? {
                found.push(event);
            }
        }
        Ok(found)
    }

    /// Messages of every type, and what the user said when coming and going; of other state the room would suffer.
    fn is_worth_redacting(&self, event: EventSid, meta: &EventMeta) -> Result<bool, Error> {
        if meta.verdict != Verdict::Accepted || meta.redacted_by.is_some() {
            return Ok(false);
        }
        Ok(match self.pdu(event)?.kind() {
            TimelineEventType::RoomRedaction => false,
            TimelineEventType::RoomMember => true,
            _ => meta.state_key.is_none(),
        })
    }

    fn note_user_redaction(&self, id: &str, note: impl FnOnce(&mut UserRedactionStatus)) {
        if let Some(status) = self.user_redactions.lock().iter_mut().find(|status| status.id == id) {
            note(status);
        }
    }
}
