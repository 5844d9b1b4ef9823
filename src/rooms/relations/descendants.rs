//! What relates to what relates to an event.

use std::collections::HashSet;

use kith_store::{Direction, Error, EventSid, tables::relations::RELATIONS};

use super::{Child, RELATIONS_LOOKED_AT_MAX, RelationsRequest};
use crate::{timeline::Span, tokens::Place, visibility::RoomView};

/// How many steps relations are followed.
pub const RECURSION_DEPTH: u64 = 3;

impl RoomView<'_> {
    /// Every descendant that fits, in the order of the page. The kind of relation counts for what is shown, not for
    /// the way there: a reaction to an edit is found through the edit.
    pub(super) fn descendants(
        &self,
        parent: EventSid,
        span: Span,
        request: &RelationsRequest<'_>,
    ) -> Result<Vec<Child>, Error> {
        let mut found = Vec::new();
        let mut known = HashSet::from([parent]);
        let mut parents = vec![parent];
        for _ in 0..RECURSION_DEPTH {
            let mut next = Vec::new();
            for parent in parents {
                for row in RELATIONS.scan(self.read, &(parent,), Direction::Backward) {
                    if known.len() > RELATIONS_LOOKED_AT_MAX {
                        break;
                    }
                    let ((_, depth, order, event), relation) = row?;
                    if !known.insert(event) {
                        continue;
                    }
                    next.push(event);
                    let place = Place { depth, order };
                    let fits = request.rel_type.is_none_or(|wanted| relation.rel_type == wanted)
                        && request.kind.is_none_or(|wanted| relation.kind == wanted)
                        && span.lower <= place
                        && place < span.upper;
                    if fits {
                        found.push(Child { place, event });
                    }
                }
            }
            parents = next;
        }
        found.sort_unstable();
        if request.direction == Direction::Backward {
            found.reverse();
        }
        Ok(found)
    }
}
