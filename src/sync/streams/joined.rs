//! `join`: a room the user is in, put together from its sections.

use kith_store::Error;

use super::{account_data::ChangedTypes, members::Encounters, timeline::Stretch};
use crate::{
    moment::Moment,
    response::{Events, JoinedRoom},
    selection::Joined,
};

impl Moment<'_> {
    /// A room the user is in; none if there turns out to be nothing to tell.
    pub(crate) fn joined_room(
        &self,
        joined: &Joined,
        account_data: &ChangedTypes,
        encounters: &mut Encounters,
    ) -> Result<Option<JoinedRoom>, Error> {
        let room = joined.room;
        let view = self.rooms().view(self.read, room, self.viewer)?;
        let now = self.state_at(room, self.until)?.unwrap_or_default();
        let span = self.state_span(room, joined.known, now)?;
        let stretch =
            Stretch { after: joined.known, upto: self.until, admits: &|_| true, leads_to: Some(now) };
        let timeline = self.timeline(&view, &stretch)?;
        let summary = self.summary(&view, &span)?;
        let state = self.state(&span, &timeline, summary.heroes.as_deref().unwrap_or_default())?;
        if self.since.is_some() {
            self.note_encounters(&span, encounters)?;
        }
        let ephemeral = self.ephemeral(joined)?;
        let account_data = match joined.known {
            Some(_) if !self.full_state => self.account_data_incremental(room, account_data)?,
            _ => self.account_data_complete(room)?,
        };
        let told = JoinedRoom {
            summary: self.render_summary(summary)?,
            state: self.named_state(self.render_state(&view, &state)?),
            sticky: self.only_fields(self.sticky(&view, joined.known, &timeline)?).into(),
            timeline: self.render_timeline(&view, timeline)?,
            ephemeral,
            account_data,
            ..JoinedRoom::default()
        };
        let nothing_new = told.summary.is_empty()
            && told.state.events().is_empty()
            && told.timeline.is_empty()
            && told.sticky.is_empty()
            && told.ephemeral.is_empty()
            && told.account_data.is_empty();
        if nothing_new && !joined.always {
            return Ok(None);
        }
        let (unread_notifications, unread_thread_notifications) = self.unread(room)?;
        Ok(Some(JoinedRoom { unread_notifications, unread_thread_notifications, ..told }))
    }

    /// Receipts and typing notices.
    fn ephemeral(&self, joined: &Joined) -> Result<Events, Error> {
        let filter = &self.filter.room.ephemeral;
        let mut events = Vec::new();
        if filter.allows_nothing() || !filter.allows_room(&self.room_id(joined.room)?) {
            return Ok(events.into());
        }
        if filter.allows_type("m.receipt") {
            events = match joined.known {
                Some(since) => self.receipts_incremental(joined.room, since)?,
                None => self.receipts_complete(joined.room)?,
            };
        }
        if filter.allows_type("m.typing") {
            events.extend(match joined.known {
                Some(since) => self.typing_incremental(joined.room, since)?,
                None => self.typing_complete(joined.room)?,
            });
        }
        if let Some(limit) = filter.limit {
            events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(events.into())
    }
}
