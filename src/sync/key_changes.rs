//! `/keys/changes`: whose devices a client that was away has to ask for again, and whose it may forget: what the
//! answers to `/sync` between two tokens said or would have said.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3keyschanges>

use kith_accounts::Requester;
use kith_store::{Error, Position};

use crate::{
    DeviceLists, StateAfter, Sync, SyncError, SyncFilter, moment::Moment, sent_members::Connection,
    streams::members::Encounters, token,
};

impl Sync {
    /// What changed between two tokens of `/sync`.
    pub fn key_changes(&self, requester: &Requester, from: &str, to: &str) -> Result<DeviceLists, SyncError> {
        let (from, to) = (token::parse_since(from)?.position, token::parse_since(to)?.position);
        let until = self.store.visible().min(to);
        let since = from.min(until);
        let view = self.store.read();
        let device_id = requester.device_id.as_deref();
        let viewer = self.rooms.viewer(&*view, requester.user, &requester.user_id, device_id)?;
        let moment = Moment {
            sync: self,
            read: &*view,
            user: requester.user,
            device_id: None,
            viewer: &viewer,
            connection: Connection::new(requester.user, None, None),
            filter: &SyncFilter::default(),
            since: Some(since),
            to_device_since: until,
            until,
            full_state: false,
            state_after: StateAfter::No,
        };
        Ok(moment.device_lists_between(since)?)
    }
}

impl Moment<'_> {
    /// The `device_lists` of the answer that goes on from `since`, without the rest of it.
    fn device_lists_between(&self, since: Position) -> Result<DeviceLists, Error> {
        let selection = self.select_incremental(since, &self.changed(since)?)?;
        let mut encounters = Encounters::default();
        for joined in &selection.joined {
            let now = self.state_at(joined.room, self.until)?.unwrap_or_default();
            let span = self.state_span(joined.room, joined.known, now)?;
            self.note_encounters(&span, &mut encounters)?;
        }
        let left = selection.left.iter().filter(|left| left.known.is_some());
        encounters.left = left.map(|left| left.room).collect();
        self.device_lists_incremental(since, &encounters)
    }
}
