//! Following what happens, from a cursor on: from the ring of changes, or from the tables where the ring no longer
//! reaches back that far.

use std::{collections::VecDeque, sync::Arc};

use kith_store::{Change, Error, Position};

use super::{draft::Draft, replay::Replay};
use crate::{Bridges, Service};

/// How many changes are read from the tables at a time.
const REPLAYED_MAX: usize = 1_000;

/// What was read and not looked at yet.
#[derive(Default)]
pub(super) struct Following {
    changes: VecDeque<Arc<Change>>,
    /// Up to here these are all.
    until: Position,
    replay: Option<Replay>,
}

impl Following {
    /// Reads on behind the cursor, unless something was read and not looked at yet. False if nothing has happened.
    pub(super) fn look(
        &mut self,
        bridges: &Bridges,
        service: &Service,
        cursor: Position,
    ) -> Result<bool, Error> {
        if !self.changes.is_empty() {
            return Ok(true);
        }
        let visible = bridges.store.visible();
        if cursor >= visible {
            self.replay = None;
            return Ok(false);
        }
        if let Some(mut changes) = bridges.store.changes().since(cursor) {
            self.replay = None;
            changes.retain(|change| change.position <= visible);
            self.changes = changes.into();
            self.until = visible;
            return Ok(true);
        }
        // The ring was too short, or the server has just started.
        let mut replay = match self.replay.take().filter(|replay| replay.goes_on_from(cursor)) {
            Some(replay) => replay,
            None => Replay::begin(bridges, service, cursor, visible)?,
        };
        self.changes = replay.next(bridges, REPLAYED_MAX)?.into();
        self.until = replay.reached();
        self.replay = Some(replay);
        Ok(true)
    }

    /// Puts what was read into a transaction, as much as goes into one. Says how far that is.
    pub(super) fn fill(&mut self, draft: &mut Draft<'_>) -> Result<Position, Error> {
        let mut reached = Position::START;
        while let Some(change) = self.changes.front() {
            // What stands at one position goes together.
            if change.position > reached && draft.is_full() {
                return Ok(reached);
            }
            match draft.note(change) {
                // Damage to one row costs that row.
                Err(error @ (Error::Corrupt { .. } | Error::Missing { .. })) => {
                    tracing::error!(%error, ?change, "an application service is not told of a change");
                }
                noted => noted?,
            }
            reached = change.position;
            self.changes.pop_front();
        }
        Ok(self.until)
    }

    /// Lets go of what was read.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
