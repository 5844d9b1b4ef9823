//! Following with the index of messages: what arrives, what is to be looked at again, what was there before the index.

use std::collections::{BTreeSet, HashSet};

use kith_store::{
    Direction, EventSid, Position,
    tables::{
        counters,
        events::EVENT_META,
        search::{Pending, SEARCH_PENDING},
    },
};
use tantivy::IndexWriter;

use super::{FollowError, Following, Left};
use crate::{
    Search,
    directory::Listing,
    index::{Fields, Index, Progress},
    text::{self, Meaning},
};

/// How many rows of `search_pending` one step deals with.
const PENDING_ROWS: usize = 1_000;
/// A commit comes when so much has changed …
const COMMIT_CHANGES_MAX: usize = 20_000;
/// … or after this long, in milliseconds; sooner if somebody waits for it.
const COMMIT_INTERVAL_MS: u128 = 5_000;
/// How many edits of edits are followed to the message they end at.
const EDITS_FOLLOWED_MAX: usize = 3;

impl Search {
    /// One step. Whoever waits (`urgent`) gets a commit at its end.
    pub(super) fn follow_messages(
        &self,
        following: &mut Following,
        until: Position,
        urgent: bool,
    ) -> Result<Left, FollowError> {
        let Some(index) = &self.index else {
            self.forget_pending(following)?;
            self.announce_followed(until);
            return Ok(Left::Nothing);
        };
        let mut writer = match following.writer.take() {
            Some(writer) => writer,
            None => index.writer(self.config.search.memory_mib)?,
        };
        let more = self.take_pending(index, &mut writer, following)?;
        self.take_arrivals(index, &mut writer, following, until)?;
        self.build(index, &mut writer, following)?;
        following.writer = Some(writer);
        let since_ms = following
            .committed_at
            .map_or(u128::MAX, |at| self.clock.instant().duration_since(at).as_millis());
        let building = following.progress.building.is_some();
        let due = following.uncommitted >= COMMIT_CHANGES_MAX || urgent || since_ms >= COMMIT_INTERVAL_MS;
        if due {
            self.commit(following)?;
        }
        if following.uncommitted == 0 {
            self.announce_followed(until);
        }
        metrics::gauge!("kith_search_building").set(if building { 1.0 } else { 0.0 });
        metrics::gauge!("kith_search_uncommitted").set(as_figure(following.uncommitted as u64));
        Ok(match (more, building) {
            (true, _) => Left::More,
            (false, true) => Left::Building,
            (false, false) => Left::Nothing,
        })
    }

    /// What has to be looked at again. True if there is more of it.
    fn take_pending(
        &self,
        index: &Index,
        writer: &mut IndexWriter,
        following: &mut Following,
    ) -> Result<bool, FollowError> {
        let handled: BTreeSet<_> = following.handled.iter().copied().collect();
        let rows = SEARCH_PENDING.scan(self.store.engine(), &(), Direction::Forward);
        let mut rows_taken = 0;
        let mut events = BTreeSet::new();
        for row in rows.take(PENDING_ROWS + handled.len()) {
            let (key, ()) = row?;
            if handled.contains(&key) {
                continue;
            }
            match Pending::of(key) {
                Some(Pending::Everything) => self.begin_anew(writer, following)?,
                Some(Pending::Event(event, _)) => {
                    events.insert(event);
                }
                Some(Pending::Sender(user)) => {
                    writer.delete_term(Fields::term(index.fields.sender, user.0));
                }
                Some(Pending::Room(room)) => {
                    writer.delete_term(Fields::term(index.fields.room, room.0));
                }
                None => {}
            }
            following.handled.push(key);
            following.uncommitted += 1;
            rows_taken += 1;
        }
        let mut changing = Changing::new(self, index, writer, following);
        for event in events {
            changing.refresh(event, true)?;
        }
        following.uncommitted += changing.changes;
        Ok(rows_taken >= PENDING_ROWS)
    }

    fn begin_anew(&self, writer: &mut IndexWriter, following: &mut Following) -> Result<(), FollowError> {
        tracing::info!("the index of messages is made anew");
        writer.delete_all_documents()?;
        following.progress = Progress::fresh(self.store.visible());
        // The user directory too.
        let mut txn = self.store.begin();
        counters::put_directory(&mut txn.batch, Position::START);
        following.listing = Listing::default();
        drop(self.store.commit(txn)?);
        Ok(())
    }

    fn take_arrivals(
        &self,
        index: &Index,
        writer: &mut IndexWriter,
        following: &mut Following,
        until: Position,
    ) -> Result<(), FollowError> {
        let cursor = following.progress.cursor;
        let arrivals = self.arrivals(cursor, until)?;
        following.progress.cursor = cursor.max(until);
        let mut changing = Changing::new(self, index, writer, following);
        for (event, _) in arrivals.events {
            // What comes out of the ring cannot be in the index yet.
            changing.refresh(event, !arrivals.is_whole)?;
        }
        following.uncommitted += changing.changes;
        Ok(())
    }

    fn build(
        &self,
        index: &Index,
        writer: &mut IndexWriter,
        following: &mut Following,
    ) -> Result<(), FollowError> {
        let Some(from) = following.progress.building else { return Ok(()) };
        let stretch = self.stretch(from)?;
        let mut changing = Changing::new(self, index, writer, following);
        for event in stretch.events {
            changing.refresh(event, true)?;
        }
        following.uncommitted += changing.changes;
        following.progress.building = stretch.next;
        if stretch.next.is_none() {
            // Not told by what was added alone: a server may have no messages.
            following.uncommitted += 1;
            tracing::info!("every message is in the index");
        }
        Ok(())
    }

    /// Puts what was changed on the disk, together with how far that is.
    pub(super) fn commit(&self, following: &mut Following) -> Result<(), FollowError> {
        let (Some(index), Some(writer)) = (&self.index, &mut following.writer) else { return Ok(()) };
        if following.uncommitted == 0 {
            return Ok(());
        }
        let payload = serde_json::to_string(&following.progress).expect("numbers are plain data");
        let mut prepared = writer.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        index.reload()?;
        following.uncommitted = 0;
        following.committed_at = Some(self.clock.instant());
        let mut txn = self.store.begin();
        for key in following.handled.drain(..) {
            SEARCH_PENDING.delete(&mut txn.batch, &key);
        }
        // Whatever comes back after a crash is looked at once more, which changes nothing.
        drop(self.store.commit(txn)?);
        metrics::counter!("kith_search_commits_total").increment(1);
        metrics::gauge!("kith_search_messages").set(as_figure(index.count()));
        self.announce_followed(following.progress.cursor);
        Ok(())
    }

    /// Without an index, nothing has to be looked at again; only the user directory may have to be made anew.
    fn forget_pending(&self, following: &mut Following) -> Result<(), FollowError> {
        let mut txn = self.store.begin();
        let rows = SEARCH_PENDING.scan(self.store.engine(), &(), Direction::Forward);
        for row in rows.take(PENDING_ROWS) {
            let (key, ()) = row?;
            if Pending::of(key) == Some(Pending::Everything) {
                counters::put_directory(&mut txn.batch, Position::START);
                following.listing = Listing::default();
            }
            SEARCH_PENDING.delete(&mut txn.batch, &key);
        }
        if !txn.batch.is_empty() {
            drop(self.store.commit(txn)?);
        }
        Ok(())
    }
}

/// Changes to the index that are made together.
struct Changing<'a> {
    search: &'a Search,
    index: &'a Index,
    writer: &'a mut IndexWriter,
    /// What arrived behind this is left to a later step.
    cursor: Position,
    /// Events that have been brought up to date already.
    done: HashSet<EventSid>,
    changes: usize,
}

impl<'a> Changing<'a> {
    fn new(search: &'a Search, index: &'a Index, writer: &'a mut IndexWriter, following: &Following) -> Self {
        let cursor = following.progress.cursor;
        Self { search, index, writer, cursor, done: HashSet::new(), changes: 0 }
    }

    /// Brings the index to what is to be searched of an event now. `may_be_there`: something older of it may be in the
    /// index.
    fn refresh(&mut self, event: EventSid, may_be_there: bool) -> Result<(), FollowError> {
        let (store, rooms) = (&self.search.store, &self.search.rooms);
        let (mut event, mut may_be_there) = (event, may_be_there);
        for _ in 0..EDITS_FOLLOWED_MAX {
            let meta = EVENT_META.get(store.engine(), &event)?;
            let position = meta.as_ref().and_then(|meta| meta.place.as_ref()?.position);
            if position.is_some_and(|position| position > self.cursor) || !self.done.insert(event) {
                return Ok(());
            }
            if may_be_there {
                self.writer.delete_term(Fields::term(self.index.fields.event, event.0));
                self.changes += 1;
            }
            let meaning = match &meta {
                Some(meta) => text::meaning(store, rooms, event, meta)?,
                None => Meaning::Nothing,
            };
            match meaning {
                Meaning::Nothing => return Ok(()),
                Meaning::Text(text) => {
                    self.writer.add_document(self.index.fields.document(&text))?;
                    self.changes += 1;
                    metrics::counter!("kith_search_messages_indexed_total").increment(1);
                    return Ok(());
                }
                Meaning::EditOf(edited) => (event, may_be_there) = (edited, true),
            }
        }
        Ok(())
    }
}

/// Counts of messages are far below where a figure loses exactness.
fn as_figure(count: u64) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}
