//! `summary`: how many are in a room, and after whom to name it if it has no name.
//! <https://spec.matrix.org/v1.19/client-server-api/#calculating-the-display-name-for-a-room>

use kith_rooms::visibility::RoomView;
use kith_store::{Error, UserSid};

use super::state::StateSpan;
use crate::{moment::Moment, response::Summary};

/// What a summary says, before it is written out.
#[derive(Debug, Default)]
pub(crate) struct Summarised {
    /// After whom to name the room; none if it has a name.
    pub(crate) heroes: Option<Vec<UserSid>>,
    pub(crate) joined: Option<u64>,
    pub(crate) invited: Option<u64>,
}

impl Moment<'_> {
    /// The summary of a room that is new to the client, or whose summary changed.
    pub(crate) fn summary(&self, view: &RoomView<'_>, span: &StateSpan) -> Result<Summarised, Error> {
        let changed = match &span.known {
            Some(known) if !self.full_state => self.changes_summary(known)?,
            _ => true,
        };
        let (true, Some(heads)) = (changed, view.heads()) else { return Ok(Summarised::default()) };
        let heroes = match self.rooms().has_name(span.room, span.now)? {
            true => None,
            false => Some(self.rooms().heroes(self.read, span.room, self.user)?),
        };
        Ok(Summarised { heroes, joined: Some(heads.joined), invited: Some(heads.invited) })
    }

    /// The summary as the client gets it.
    pub(crate) fn render_summary(&self, summary: Summarised) -> Result<Summary, Error> {
        let ids = self.sync.store.ids();
        let heroes = summary.heroes.map(|heroes| heroes.into_iter().map(|user| ids.user_id(user)).collect());
        Ok(Summary {
            heroes: heroes.transpose()?,
            joined_member_count: summary.joined,
            invited_member_count: summary.invited,
        })
    }

    fn changes_summary(&self, known: &super::state::Known) -> Result<bool, Error> {
        if known.completed {
            return Ok(true);
        }
        for (key, ..) in &known.changed {
            let (kind, _) = self.sync.store.ids().state_key_of(*key)?;
            if matches!(kind.as_str(), "m.room.member" | "m.room.name" | "m.room.canonical_alias") {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
