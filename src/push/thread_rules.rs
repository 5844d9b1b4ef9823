//! Subscriptions to threads, in the eyes of push rules: two more default rules, and the condition that they rest on.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4306>

use std::sync::Arc;

use kith_store::{
    Direction, Error, Position, Read, RoomSid, Store, UserSid,
    tables::thread_subscriptions::{Subscription, THREAD_SUBSCRIPTION_STREAM, THREAD_SUBSCRIPTIONS},
};
use ruma::{
    EventId,
    push::{
        Action, ConditionalPushRule, ConditionalPushRuleInit, PushCondition, PushConditionRoomCtx, RuleKind,
        Ruleset, SoundTweakValue, ThreadSubscriptionConditionData, Tweak,
    },
};

/// What is said in threads without the reader, and mentions nobody, is passed over.
const UNSUBSCRIBED: &str = ".io.element.msc4306.rule.unsubscribed_thread";
/// What is said in threads of the reader's notifies, whatever else is set for the room.
const SUBSCRIBED: &str = ".io.element.msc4306.rule.subscribed_thread";

/// Adds the rules about threads to those that everybody has, unless they are there.
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
    store: Arc<Store>,
    user: UserSid,
    room: RoomSid,
) -> PushConditionRoomCtx {
    context.with_has_thread_subscription_fn(move |root: &EventId| {
        let subscribed = is_subscribed(&store, user, room, root).unwrap_or_else(|error| {
            tracing::error!(%error, "whether a reader is subscribed to a thread is not known");
            false
        });
        Box::pin(std::future::ready(subscribed))
    })
}

fn is_subscribed(store: &Store, user: UserSid, room: RoomSid, root: &EventId) -> Result<bool, Error> {
    let Some(root) = store.ids().find_event(root)? else { return Ok(false) };
    let record = THREAD_SUBSCRIPTIONS.get(store.engine(), &(user, room, root))?;
    Ok(record.is_some_and(|record| record.subscription != Subscription::Ended))
}

/// When the user last changed a subscription.
pub(crate) fn changed_at(read: &dyn Read, user: UserSid) -> Result<Position, Error> {
    let mut newest = THREAD_SUBSCRIPTION_STREAM.scan(read, &(user,), Direction::Backward);
    Ok(newest.next().transpose()?.map_or(Position::START, |((_, position), _)| position))
}
