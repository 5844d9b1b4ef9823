//! Changes of the user's subscriptions to threads, the newest first.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4308>

use std::collections::BTreeMap;

use kith_accounts::Requester;
use kith_rooms::tokens::Token;
use kith_store::{
    Direction, Error, Position, Read, Store, UserSid,
    tables::thread_subscriptions::{Subscription, THREAD_SUBSCRIPTION_STREAM, THREAD_SUBSCRIPTIONS},
};
use ruma::{OwnedEventId, OwnedRoomId};
use serde::Serialize;

use crate::{Sync, SyncError};

/// How many changes one answer has at most, and if the client does not say.
pub(crate) const SUBSCRIPTIONS_MAX: usize = 100;

/// What changed, by room and root of the thread.
type ByThread<T> = BTreeMap<OwnedRoomId, BTreeMap<OwnedEventId, T>>;

/// Changes of subscriptions.
#[derive(Debug, Default, Serialize)]
pub struct ThreadSubscriptions {
    /// The threads that the user is subscribed to.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub subscribed: ByThread<Subscribed>,
    /// Those that the user is no longer subscribed to.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unsubscribed: ByThread<Unsubscribed>,
}

/// A subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Subscribed {
    /// It was a client's idea.
    pub automatic: bool,
    /// Tells which of two changes of a subscription is the newer one.
    pub bump_stamp: u64,
}

/// The end of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Unsubscribed {
    /// As in [`Subscribed`].
    pub bump_stamp: u64,
}

/// Some of the changes, the newest.
#[derive(Debug, Default, Serialize)]
pub struct SubscriptionsPage {
    /// The changes.
    #[serde(flatten)]
    pub changes: ThreadSubscriptions,
    /// How to ask for those before them, if there are any.
    #[serde(rename = "prev_batch", skip_serializing_if = "Option::is_none")]
    pub earlier: Option<String>,
}

impl SubscriptionsPage {
    /// Whether nothing changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.subscribed.is_empty() && self.changes.unsubscribed.is_empty()
    }
}

/// The changes behind `since`, up to `until`: the newest `limit` of them.
pub(crate) fn changes(
    store: &Store,
    read: &dyn Read,
    user: UserSid,
    since: Position,
    until: Position,
    limit: usize,
) -> Result<SubscriptionsPage, Error> {
    let mut page = SubscriptionsPage::default();
    let (from, to) = ((user, since.next()), (user, until.next()));
    let rows = THREAD_SUBSCRIPTION_STREAM.range(read, &from, &to, Direction::Backward);
    for (index, row) in rows.enumerate() {
        let ((_, position), thread) = row?;
        if index == limit {
            // The token remembers how far back the client knows everything, so that it need not say.
            page.earlier = Some(format!("{}~{}", Token::Stream(position), since.0));
            break;
        }
        let key = (user, thread.room, thread.root);
        let Some(record) = THREAD_SUBSCRIPTIONS.get(read, &key)? else { continue };
        let (room, root) = (store.ids().room_id(thread.room)?, store.ids().event_id(thread.root)?);
        let bump_stamp = position.0;
        if record.subscription == Subscription::Ended {
            let ended = page.changes.unsubscribed.entry(room).or_default();
            ended.insert(root, Unsubscribed { bump_stamp });
        } else {
            let automatic = record.subscription == Subscription::Automatic;
            let subscribed = page.changes.subscribed.entry(room).or_default();
            subscribed.insert(root, Subscribed { automatic, bump_stamp });
        }
    }
    Ok(page)
}

impl Sync {
    /// A page of the user's subscriptions, from the newest change or from a token on, back to another.
    pub fn thread_subscriptions(
        &self,
        requester: &Requester,
        from: Option<&str>,
        to: Option<&str>,
        limit: Option<usize>,
    ) -> Result<SubscriptionsPage, SyncError> {
        let visible = self.store.visible();
        let (until, noted) = match from {
            Some(from) => {
                let Ok(Token::Stream(position)) = Token::parse(from) else {
                    return Err(SyncError::UnknownToken);
                };
                let noted = from.split_once('~').and_then(|(_, since)| since.parse().ok()).map(Position);
                (position.min(visible), noted)
            }
            None => (visible, None),
        };
        // Tokens of sliding sync name a connection and no place; what they would bound is noted in `from`.
        let bound = to.and_then(|to| match Token::parse(to) {
            Ok(Token::Stream(position)) => Some(position),
            _ => None,
        });
        let since = noted.max(bound).unwrap_or(Position::START);
        let limit = limit.unwrap_or(SUBSCRIPTIONS_MAX).clamp(1, SUBSCRIPTIONS_MAX);
        let view = self.store.read();
        Ok(changes(&self.store, &*view, requester.user, since, until, limit)?)
    }
}
