//! Subscriptions to threads, in the eyes of push rules: two default rules, the only ones of the kind `postcontent`, and
//! the condition that they rest on.
//! Clients that cannot subscribe would hear of no thread any more, so the rules come to a user with their first
//! subscription, unless the operator gives them to everyone.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4306>

use std::sync::Arc;

use kith_accounts::Requester;
use kith_store::{
    Direction, Error, Position, Read, RoomSid, Store, UserSid,
    tables::thread_subscriptions::{Subscription, THREAD_SUBSCRIPTION_STREAM, THREAD_SUBSCRIPTIONS},
};
use ruma::{
    EventId, UserId,
    push::{ConditionalPushRule, PushConditionRoomCtx, Ruleset},
};

use crate::{Push, RuleError};

impl Push {
    /// Gives the requester the rules about threads, now that their client knows of subscriptions.
    pub fn follow_threads(&self, requester: &Requester) -> Result<(), RuleError> {
        let ruleset = self.ruleset(requester.user, &requester.user_id)?;
        if !ruleset.postcontent.is_empty() {
            return Ok(());
        }
        self.change(requester, |ruleset| {
            add_to(ruleset);
            Ok(())
        })
    }
}

/// Adds the rules about threads, unless they are there.
pub(crate) fn add_to(ruleset: &mut Ruleset) {
    ruleset.postcontent.insert(ConditionalPushRule::unsubscribed_thread());
    ruleset.postcontent.insert(ConditionalPushRule::subscribed_thread());
}

/// A context that knows to which threads of the room the reader is subscribed.
pub(crate) fn knowing_threads(
    context: PushConditionRoomCtx,
    store: &Arc<Store>,
    reader: &UserId,
    room: RoomSid,
) -> PushConditionRoomCtx {
    let (store, reader) = (Arc::clone(store), reader.to_owned());
    context.with_has_thread_subscription_fn(move |root: &EventId| {
        let subscribed = is_subscribed(&store, &reader, room, root).unwrap_or_else(|error| {
            tracing::error!(%error, "whether a reader is subscribed to a thread is not known");
            false
        });
        Box::pin(std::future::ready(subscribed))
    })
}

fn is_subscribed(store: &Store, reader: &UserId, room: RoomSid, root: &EventId) -> Result<bool, Error> {
    let Some(user) = store.ids().find_user(reader)? else { return Ok(false) };
    let Some(root) = store.ids().find_event(root)? else { return Ok(false) };
    let record = THREAD_SUBSCRIPTIONS.get(store.engine(), &(user, room, root))?;
    Ok(record.is_some_and(|record| record.subscription != Subscription::Ended))
}

/// When the user last changed a subscription.
pub(crate) fn changed_at(read: &dyn Read, user: UserSid) -> Result<Position, Error> {
    let mut newest = THREAD_SUBSCRIPTION_STREAM.scan(read, &(user,), Direction::Backward);
    Ok(newest.next().transpose()?.map_or(Position::START, |((_, position), _)| position))
}
