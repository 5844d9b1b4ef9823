//! `presence`: who is online, of those the user shares a room with.
//! <https://spec.matrix.org/v1.19/client-server-api/#presence>

use std::collections::BTreeMap;

use kith_store::{Error, Position, UserSid, live::PresenceRow};
use ruma::OwnedUserId;
use serde::Serialize;

use super::members::Encounters;
use crate::{changed::Changed, moment::Moment, response::Events};

/// The presence of others, and the user's own, which is no reason to answer: every sync changes it.
#[derive(Debug, Default)]
pub(crate) struct PresenceNews {
    pub(crate) events: Events,
    pub(crate) only_own: bool,
}

#[derive(Serialize)]
struct Event<'a> {
    r#type: &'static str,
    sender: OwnedUserId,
    content: Content<'a>,
}

#[derive(Serialize)]
struct Content<'a> {
    presence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_msg: Option<&'a str>,
    last_active_ago: u64,
    currently_active: bool,
}

impl Moment<'_> {
    /// Everybody whose presence was heard of.
    pub(crate) fn presence_complete(&self) -> Result<PresenceNews, Error> {
        if !self.wants_presence() {
            return Ok(PresenceNews::default());
        }
        let rows = self.sync.store.live().presence_since(Position::START);
        self.presence_of(rows.into_iter().collect())
    }

    /// Those whose presence changed behind `since`, and those whom the user met since then.
    pub(crate) fn presence_incremental(
        &self,
        since: Position,
        changed: &Changed,
        encounters: &Encounters,
    ) -> Result<PresenceNews, Error> {
        if !self.wants_presence() {
            return Ok(PresenceNews::default());
        }
        let live = self.sync.store.live();
        let mut rows: BTreeMap<UserSid, PresenceRow> = match &changed.presence {
            Some(users) => users.iter().filter_map(|user| Some((*user, live.presence(*user)?))).collect(),
            None => live.presence_since(since).into_iter().collect(),
        };
        for (user, _) in &encounters.met {
            if let Some(row) = live.presence(*user) {
                rows.insert(*user, row);
            }
        }
        if !encounters.entered.is_empty() {
            for (user, row) in live.presence_since(Position::START) {
                for room in &encounters.entered {
                    if self.is_joined(user, *room)? {
                        rows.insert(user, row.clone());
                    }
                }
            }
        }
        self.presence_of(rows)
    }

    fn wants_presence(&self) -> bool {
        self.sync.config.presence.enabled && !self.filter.presence.allows_nothing()
    }

    fn presence_of(&self, rows: BTreeMap<UserSid, PresenceRow>) -> Result<PresenceNews, Error> {
        let filter = &self.filter.presence;
        let mut news = PresenceNews { events: Events::default(), only_own: true };
        if !filter.allows_type("m.presence") {
            return Ok(news);
        }
        let limit = filter.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let now_ms = self.sync.clock.now_ms();
        for (user, row) in rows {
            if row.position > self.until || self.viewer.ignored.contains(&user) {
                continue;
            }
            let user_id = self.sync.store.ids().user_id(user)?;
            if !filter.allows_sender(&user_id) || !self.shares_a_room_with(user)? {
                continue;
            }
            if news.events.events.len() >= limit {
                break;
            }
            news.only_own &= user == self.user;
            let content = Content {
                presence: row.state.as_str(),
                status_msg: row.status.as_deref(),
                last_active_ago: now_ms.saturating_sub(row.last_active_ms),
                currently_active: row.currently_active,
            };
            let event = Event { r#type: "m.presence", sender: user_id, content };
            let event = serde_json::value::to_raw_value(&event).expect("presence is names and numbers");
            news.events.events.push(event);
        }
        Ok(news)
    }
}
