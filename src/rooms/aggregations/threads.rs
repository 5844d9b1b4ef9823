//! The summary of a thread in its root.

use kith_store::{
    Error, EventSid,
    tables::relations::{RelationRecord, THREAD_PARTICIPANTS, THREADS, ThreadRecord},
};
use ruma::UInt;

use super::{Children, Thread};
use crate::{
    render::{Form, Shown},
    visibility::{RoomView, Seen},
};

/// How many of a thread's newest events are judged one by one for somebody who may not see the newest of them.
const NEWEST_LOOKED_AT_MAX: usize = 1_000;

impl RoomView<'_> {
    /// The thread below each event, where there is one of which the viewer may see anything.
    pub(super) fn threads(
        &self,
        shown: &[Shown],
        children: &[Children],
        form: Form,
    ) -> Result<Vec<Option<Thread>>, Error> {
        let roots: Vec<EventSid> = shown.iter().map(|shown| shown.seen.event).collect();
        let records = THREADS.get_many(self.read, &roots)?;
        let mut threads = Vec::with_capacity(shown.len());
        for ((root, children), record) in shown.iter().zip(children).zip(records) {
            threads.push(match record {
                Some(record) if record.count > 0 => {
                    self.thread(&root.seen, &children.thread, &record, form)?
                }
                _ => None,
            });
        }
        Ok(threads)
    }

    fn thread(
        &self,
        root: &Seen,
        events: &[(EventSid, RelationRecord)],
        record: &ThreadRecord,
        form: Form,
    ) -> Result<Option<Thread>, Error> {
        let participated = self.participated(root)?;
        let Some((latest, count)) = self.latest_and_count(record, events)? else { return Ok(None) };
        let latest = self.load(vec![latest])?;
        let relations = self.bundle_with(&latest, form, false)?;
        let latest = self.render_with(&latest, &relations, form)?;
        Ok(latest.into_iter().next().map(|latest_event| Thread {
            latest_event,
            count: UInt::new_saturating(count),
            current_user_participated: participated,
        }))
    }

    /// Whether the viewer wrote the root of a thread or anything in it.
    pub(crate) fn participated(&self, root: &Seen) -> Result<bool, Error> {
        let Some(user) = self.viewer.user else { return Ok(false) };
        Ok(root.meta.sender == user || THREAD_PARTICIPANTS.contains(self.read, &(root.event, user))?)
    }

    /// The newest event and the number of events. Whoever may not see the newest, because they have left or ignore its
    /// sender, gets those that they may see.
    fn latest_and_count(
        &self,
        record: &ThreadRecord,
        events: &[(EventSid, RelationRecord)],
    ) -> Result<Option<(Seen, u64)>, Error> {
        let is_ignored = |relation: &RelationRecord| self.viewer.ignored.contains(&relation.sender);
        if let Some(latest) = self.look_at(record.latest)? {
            let ignored = events.iter().filter(|(_, relation)| is_ignored(relation)).count();
            return Ok(Some((latest, record.count.saturating_sub(ignored as u64))));
        }
        let heard = events.iter().filter(|(_, relation)| !is_ignored(relation));
        let newest: Vec<EventSid> = heard.take(NEWEST_LOOKED_AT_MAX).map(|(event, _)| *event).collect();
        let mut seen =
            self.look(&newest)?.into_iter().flatten().filter(|seen| seen.meta.redacted_by.is_none());
        Ok(seen.next().map(|latest| (latest, 1 + seen.count() as u64)))
    }
}
