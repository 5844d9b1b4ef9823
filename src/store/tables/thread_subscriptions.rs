//! `thread_subscriptions` and `thread_subscription_stream`: which threads a user wants to hear of, and when that changed.

use kith_kv::Read;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Txn,
    catalog::families,
    changes::ChangeKind,
    record,
    sids::{EventSid, Position, RoomSid, UserSid},
    table::Table,
};

/// `(user, room, root of the thread) → whether the user wants to hear of it`.
pub static THREAD_SUBSCRIPTIONS: Table<(UserSid, RoomSid, EventSid), SubscriptionRecord> =
    Table::new(families::THREAD_SUBSCRIPTIONS);
/// `(user, position) → which subscription changed there`: each once, at its latest change.
pub static THREAD_SUBSCRIPTION_STREAM: Table<(UserSid, Position), SubscriptionChange> =
    Table::new(families::THREAD_SUBSCRIPTION_STREAM);

/// Whether a user wants to hear of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subscription {
    /// No longer.
    Ended,
    /// Their client thought so.
    Automatic,
    /// They said so.
    Manual,
}

/// A subscription, or the end of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionRecord {
    /// What it is now.
    pub subscription: Subscription,
    /// Since when.
    pub position: Position,
}
record!(SubscriptionRecord, 1);

/// A thread whose subscription changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionChange {
    /// Its room.
    pub room: RoomSid,
    /// Its root.
    pub root: EventSid,
}
record!(SubscriptionChange, 1);

/// Changes a subscription. The caller holds what orders the writers of this user's rows.
pub fn put(
    txn: &mut Txn,
    read: &dyn Read,
    user: UserSid,
    thread: SubscriptionChange,
    subscription: Subscription,
) -> Result<(), Error> {
    let key = (user, thread.room, thread.root);
    if let Some(old) = THREAD_SUBSCRIPTIONS.get(read, &key)? {
        THREAD_SUBSCRIPTION_STREAM.delete(&mut txn.batch, &(user, old.position));
    }
    let position = txn.position()?;
    THREAD_SUBSCRIPTIONS.put(&mut txn.batch, &key, &SubscriptionRecord { subscription, position });
    THREAD_SUBSCRIPTION_STREAM.put(&mut txn.batch, &(user, position), &thread);
    txn.change(position, ChangeKind::ThreadSubscription { user });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    #[test]
    fn golden_bytes() {
        let record = SubscriptionRecord { subscription: Subscription::Manual, position: Position(7) };
        assert_eq!(record.to_bytes(), [1, 2, 7]);
        assert_eq!(SubscriptionRecord::decode(&record.to_bytes()), Some(record));
        let change = SubscriptionChange { room: RoomSid(3), root: EventSid(4) };
        assert_eq!(change.to_bytes(), [1, 3, 4]);
    }
}
