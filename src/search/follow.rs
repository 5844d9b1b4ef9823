//! Following what happens: one task that reads on from the cursors of the index of messages and of the user directory.
//!
//! A wake-up is a hint; the truth is the stream, the rows of `search_pending`, and the cursors. The index is committed
//! now and then, each time with its cursor, so after a crash it goes on from its last commit and nothing is in it twice.

mod arrivals;
mod building;
mod messages;

use std::{sync::Arc, time::Duration, time::Instant};

use kith_store::Position;
use tantivy::IndexWriter;
use tokio::sync::watch;

use crate::{
    IndexError, Search,
    directory::Listing,
    index::{Index, Progress},
};

/// How long a search waits for what has just happened, in milliseconds.
const FRESHEN_MS_MAX: u64 = 1_500;
/// How long is waited between two looks, so that a busy server is looked at in large steps.
const PAUSE: Duration = Duration::from_millis(100);
/// How often rows of `search_pending` are looked for where nothing else happens.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How long is waited when something fails.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// How much longer than a step of making the index the pause after it is: rooms come first.
const BUILDING_PAUSE_FACTOR: u32 = 1;

/// Where following stands. Only the one task that follows locks it for long.
pub(crate) struct Following {
    writer: Option<IndexWriter>,
    /// How far the index is, counting what is not committed yet.
    pub(crate) progress: Progress,
    /// How much was changed since the last commit.
    uncommitted: usize,
    committed_at: Option<Instant>,
    /// Rows of `search_pending` that have been dealt with once the next commit is on the disk.
    handled: Vec<(u8, u64, u64)>,
    /// How far the user directory is.
    listing: Listing,
}

/// What is left to do after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// There is more at once.
    More,
    /// The index or the user directory is being made.
    Building,
    Nothing,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Store(#[from] kith_store::Error),
}

impl From<tantivy::TantivyError> for FollowError {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Index(error.into())
    }
}

impl Following {
    pub(crate) fn new(progress: Progress) -> Self {
        Self {
            writer: None,
            progress,
            uncommitted: 0,
            committed_at: None,
            handled: Vec::new(),
            listing: Listing::default(),
        }
    }
}

impl Search {
    /// Waits a moment for what has just been said to become searchable.
    pub async fn freshen_messages(&self) {
        if self.index.is_some() {
            self.freshen(&self.followed).await;
        }
    }

    /// Waits a moment for those who just came, or changed their names, to be listed.
    pub async fn freshen_people(&self) {
        self.freshen(&self.listed).await;
    }

    async fn freshen(&self, reached: &watch::Sender<Position>) {
        let until = self.store.visible();
        let mut reached = reached.subscribe();
        if *reached.borrow() >= until {
            return;
        }
        self.wanted.notify_one();
        let patience = Duration::from_millis(FRESHEN_MS_MAX);
        // Whoever has waited long enough gets what there is.
        let _late = tokio::time::timeout(patience, reached.wait_for(|reached| *reached >= until)).await;
    }

    pub(crate) async fn run(self: Arc<Self>) {
        let stopping = self.tasks.stopping();
        let mut visible = self.store.changes().subscribe();
        visible.mark_changed();
        let mut wanted = false;
        while !stopping.is_cancelled() {
            let begun = self.clock.instant();
            let search = Arc::clone(&self);
            let left = match self.tasks.blocking(move || search.step(wanted)).await {
                Ok(left) => left,
                Err(error) => {
                    tracing::error!(%error, "following what can be searched failed and will be tried again");
                    self.give_up().await;
                    self.rest(RETRY_INTERVAL).await;
                    continue;
                }
            };
            wanted = match left {
                Left::More => false,
                Left::Building => {
                    let took = self.clock.instant().duration_since(begun);
                    self.rest(took * BUILDING_PAUSE_FACTOR).await
                }
                Left::Nothing => {
                    // Those who wait for it do not wait for the pause.
                    self.rest(PAUSE).await
                        || tokio::select! {
                            () = stopping.cancelled() => false,
                            () = self.wanted.notified() => true,
                            _ = visible.changed() => false,
                            () = tokio::time::sleep(LOOK_INTERVAL) => false,
                        }
                }
            };
        }
        let search = Arc::clone(&self);
        if let Err(error) = self.tasks.blocking(move || search.commit_at_the_end()).await {
            tracing::warn!(%error, "what was said last is put into the index at the next start");
        }
    }

    /// Waits, but not longer than until somebody wants what just happened: then it answers true.
    async fn rest(&self, pause: Duration) -> bool {
        let stopping = self.tasks.stopping();
        tokio::select! {
            () = stopping.cancelled() => false,
            () = self.wanted.notified() => true,
            () = tokio::time::sleep(pause) => false,
        }
    }

    /// One step of everything there is to follow. `urgent`: somebody waits.
    fn step(&self, urgent: bool) -> Result<Left, FollowError> {
        let mut following = self.following.lock();
        let until = self.store.visible();
        let listed = self.list_people(&mut following.listing, until)?;
        let left = self.follow_messages(&mut following, until, urgent)?;
        Ok(if listed || left == Left::More { left } else { Left::Building })
    }

    /// After a failure the writer is opened anew, over what was committed last.
    async fn give_up(self: &Arc<Self>) {
        let search = Arc::clone(self);
        let reset = move || {
            let mut following = search.following.lock();
            following.writer = None;
            following.handled.clear();
            following.uncommitted = 0;
            match search.index.as_ref().map(Index::progress) {
                Some(Ok(Some(progress))) => following.progress = progress,
                // Nothing was committed yet.
                Some(Ok(None)) => following.progress = Progress::fresh(search.store.visible()),
                Some(Err(error)) => tracing::error!(%error, "the index of messages cannot be read"),
                None => {}
            }
        };
        self.tasks.blocking(reset).await;
    }

    fn commit_at_the_end(&self) -> Result<(), FollowError> {
        let mut following = self.following.lock();
        self.commit(&mut following)?;
        // Its threads end with it.
        following.writer = None;
        Ok(())
    }

    /// What arrived up to here can be found.
    fn announce_followed(&self, position: Position) {
        self.followed.send_if_modified(|followed| {
            let moved = *followed < position;
            *followed = (*followed).max(position);
            moved
        });
    }
}
