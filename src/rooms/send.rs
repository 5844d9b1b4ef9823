//! Sending messages and state.

mod levels;
mod relation;
mod state;

use kith_accounts::Requester;
use kith_event::{STICKY_MS_MAX, build::Draft};
use ruma::{OwnedEventId, RoomId, events::TimelineEventType};
use serde_json::value::RawValue;

use crate::{
    Rooms, WriteError, acting::check_not_suspended, redact::Redacting, transactions::TransactionKey,
};

pub use self::state::NewState;

/// What a client wants to say.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The type.
    pub kind: TimelineEventType,
    /// The content.
    pub content: Box<RawValue>,
    /// The client's transaction id.
    pub transaction_id: Option<String>,
    /// When it was said, in unix milliseconds; heeded from application services.
    pub timestamp_ms: Option<u64>,
    /// How long everybody in the room is to get it, in milliseconds, if it is sticky.
    pub sticky_ms: Option<u64>,
}

/// Why something was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// As any write.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The user has sent the same reaction to the same event before.
    #[error("you have sent this reaction already")]
    DuplicateReaction,
    /// A thread has a root that is itself part of a thread, or an edit, or a reaction.
    #[error("a thread cannot begin at an event that relates to another one")]
    ThreadInThread,
    /// A canonical alias that does not exist or names another room.
    #[error("{0} is not an alias of this room")]
    BadAlias(String),
    /// The event that is to be redacted is not there.
    #[error("there is no such event in this room")]
    NotFound,
    /// A state event's content or key breaks the rules of its type.
    #[error("{0}")]
    Invalid(String),
    /// A membership event that the verbs of membership would refuse.
    #[error(transparent)]
    Membership(#[from] crate::membership::MembershipError),
}

impl Rooms {
    /// Sends an event that is not state. Repeating a transaction gives the same event.
    pub fn send_message(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        message: NewMessage,
    ) -> Result<OwnedEventId, SendError> {
        if message.kind == TimelineEventType::RoomRedaction {
            let endpoint = format!("send {}", message.kind);
            return self.redact_as(requester, room_id, Redacting::from_message(message)?, endpoint);
        }
        check_not_suspended(requester)?;
        let mut acting = self.act_in(room_id)?.with_signatures();
        let endpoint = format!("send {}", message.kind);
        let key = message
            .transaction_id
            .as_ref()
            .and_then(|id| TransactionKey::new(requester, acting.write.room.sid, endpoint, id));
        if let Some(event) = key.as_ref().map(|key| key.find(self)).transpose()?.flatten() {
            let event_id = acting.write.event_id(event)?;
            acting.done()?;
            return Ok(event_id);
        }
        acting.write.check_sender(&requester.user_id, &message.kind, false)?;
        relation::check(&acting.write, requester, &message)?;
        let timestamp_ms = self.timestamp_ms(requester, message.timestamp_ms);
        let sticky_ms = message.sticky_ms.map(|sticky_ms| sticky_ms.min(STICKY_MS_MAX));
        let draft = Draft { sticky_ms, ..Draft::message(message.kind, message.content) };
        let transaction = key.as_ref().map(TransactionKey::transaction);
        let event = acting.write.send_in_transaction(draft, &requester.user_id, timestamp_ms, transaction)?;
        if let Some(key) = key {
            key.remember(&mut acting.txn, event, self.clock.now_ms());
        }
        let event_id = acting.write.event_id(event)?;
        acting.done()?;
        Ok(event_id)
    }
}

impl From<kith_store::Error> for SendError {
    fn from(error: kith_store::Error) -> Self {
        Self::Write(error.into())
    }
}
