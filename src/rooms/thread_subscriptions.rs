//! The threads that a user wants to hear of.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4306>

use kith_accounts::Requester;
use kith_store::{
    Error, EventSid, Position,
    tables::{
        events::EVENT_META,
        thread_subscriptions::{
            self, Subscription, SubscriptionChange, SubscriptionRecord, THREAD_SUBSCRIPTIONS,
        },
    },
};
use ruma::{EventId, RoomId};

use crate::{ReadError, Rooms};

/// Why a subscription was not changed or found.
#[derive(Debug, thiserror::Error)]
pub enum SubscriptionError {
    /// There is no such event that the user may see.
    #[error("there is no such thread")]
    NotFound,
    /// The event because of which a client subscribes is none of the thread.
    #[error("the event is not in the thread")]
    NotInThread,
    /// The user has ended the subscription since the event because of which a client subscribes.
    #[error("the user has unsubscribed since then")]
    EndedSince,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Rooms {
    /// Subscribes to a thread: because the user says so, or because of an event of the thread that a client thinks they
    /// want to hear of.
    pub fn subscribe_to_thread(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        root: &EventId,
        because_of: Option<&EventId>,
    ) -> Result<(), SubscriptionError> {
        let thread = self.find_thread(requester, room_id, root)?;
        let mentioned_at = because_of.map(|event| self.place_in_thread(thread, event)).transpose()?;
        let _lane = self.accounts.lane(requester.user);
        let before = self.subscription_record(requester, thread)?;
        let subscription = match (mentioned_at, before) {
            (None, _) => Subscription::Manual,
            (Some(at), Some(SubscriptionRecord { subscription: Subscription::Ended, position }))
                if at <= position =>
            {
                return Err(SubscriptionError::EndedSince);
            }
            // What the user has said is not undone by a client that guesses.
            (Some(_), Some(SubscriptionRecord { subscription: Subscription::Manual, .. })) => {
                Subscription::Manual
            }
            (Some(_), _) => Subscription::Automatic,
        };
        self.put_subscription(requester, thread, before, subscription)
    }

    /// Ends a subscription; one that is not there is as good as ended.
    pub fn unsubscribe_from_thread(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        root: &EventId,
    ) -> Result<(), SubscriptionError> {
        let thread = self.find_thread(requester, room_id, root)?;
        let _lane = self.accounts.lane(requester.user);
        match self.subscription_record(requester, thread)? {
            None => Ok(()),
            before => self.put_subscription(requester, thread, before, Subscription::Ended),
        }
    }

    /// Whether the user is subscribed to a thread, and whether that was their client's idea.
    pub fn thread_subscription(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        root: &EventId,
    ) -> Result<Option<Subscription>, SubscriptionError> {
        let thread = self.find_thread(requester, room_id, root)?;
        let record = self.subscription_record(requester, thread)?;
        Ok(record.map(|record| record.subscription).filter(|found| *found != Subscription::Ended))
    }

    fn put_subscription(
        &self,
        requester: &Requester,
        thread: SubscriptionChange,
        before: Option<SubscriptionRecord>,
        subscription: Subscription,
    ) -> Result<(), SubscriptionError> {
        if before.is_some_and(|before| before.subscription == subscription) {
            return Ok(());
        }
        let mut txn = self.store.begin();
        thread_subscriptions::put(&mut txn, self.store.engine(), requester.user, thread, subscription)?;
        Ok(self.store.commit_durably(txn)?)
    }

    fn subscription_record(
        &self,
        requester: &Requester,
        thread: SubscriptionChange,
    ) -> Result<Option<SubscriptionRecord>, Error> {
        THREAD_SUBSCRIPTIONS.get(self.store.engine(), &(requester.user, thread.room, thread.root))
    }

    /// A thread by its root, which is an event that the user may see.
    fn find_thread(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        root: &EventId,
    ) -> Result<SubscriptionChange, SubscriptionError> {
        let view = self.store.read();
        let viewer = self.viewer(&*view, requester.user, &requester.user_id, None)?;
        let room = match self.enter(&*view, room_id, &viewer) {
            Ok(room) => room,
            Err(ReadError::Store(error)) => return Err(error.into()),
            Err(_) => return Err(SubscriptionError::NotFound),
        };
        let root = self.store.ids().find_event(root)?.ok_or(SubscriptionError::NotFound)?;
        match room.look(&[root])?.into_iter().flatten().next() {
            Some(_) => Ok(SubscriptionChange { room: room.room(), root }),
            None => Err(SubscriptionError::NotFound),
        }
    }

    /// Where an event of a thread stands in the order of arrival; what was backfilled stands before everything.
    fn place_in_thread(
        &self,
        thread: SubscriptionChange,
        event: &EventId,
    ) -> Result<Position, SubscriptionError> {
        let event: EventSid = self.store.ids().find_event(event)?.ok_or(SubscriptionError::NotInThread)?;
        let meta = EVENT_META.get(self.store.engine(), &event)?.ok_or(SubscriptionError::NotInThread)?;
        let place = meta.place.filter(|_| meta.room == thread.room).ok_or(SubscriptionError::NotInThread)?;
        if event != thread.root && place.thread != Some(thread.root) {
            return Err(SubscriptionError::NotInThread);
        }
        Ok(place.position.unwrap_or_default())
    }
}
