//! Subscriptions to threads, in the eyes of push rules: two more default rules, and the condition that they rest on.
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
    push::{
        Action, ConditionalPushRule, ConditionalPushRuleInit, PushCondition, PushConditionRoomCtx, RuleKind,
        Ruleset, SoundTweakValue, ThreadSubscriptionConditionData, Tweak,
    },
};

use crate::{Push, RuleError};

/// What is said in threads without the reader, and mentions nobody, is passed over.
const UNSUBSCRIBED: &str = ".io.element.msc4306.rule.unsubscribed_thread";
/// What is said in threads of the reader's notifies, whatever else is set for the room.
const SUBSCRIBED: &str = ".io.element.msc4306.rule.subscribed_thread";

impl Push {
    /// Gives the requester the rules about threads, now that their client knows of subscriptions.
    pub fn follow_threads(&self, requester: &Requester) -> Result<(), RuleError> {
        let ruleset = self.ruleset(requester.user, &requester.user_id)?;
        if ruleset.get(RuleKind::Override, UNSUBSCRIBED).is_some() {
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
    if ruleset.get(RuleKind::Override, UNSUBSCRIBED).is_none() {
        ruleset.override_.insert(rule(UNSUBSCRIBED, false, Vec::new()));
    }
    if ruleset.get(RuleKind::Underride, SUBSCRIBED).is_none() {
        let actions = vec![Action::Notify, Action::SetTweak(Tweak::Sound(SoundTweakValue::Default))];
        ruleset.underride.shift_insert(0, rule(SUBSCRIBED, true, actions));
    }
}

fn rule(rule_id: &str, subscribed: bool, actions: Vec<Action>) -> ConditionalPushRule {
    let condition = ThreadSubscriptionConditionData::new(subscribed);
    ConditionalPushRuleInit {
        actions,
        default: true,
        enabled: true,
        rule_id: rule_id.to_owned(),
        conditions: vec![PushCondition::ThreadSubscription(condition)],
    }
    .into()
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
