//! The verb: an answer now if there is something to tell, or else as soon as there is, or when the time is up.

use std::{sync::Arc, time::Duration};

use crate::{
    Response, Since, Sync, SyncError, SyncFilter, SyncRequest, assemble::Answer, moment::Moment,
    sent_members::Connection, token,
};
use kith_accounts::Requester;
use kith_store::Position;

/// The longest that one request waits, in milliseconds.
const TIMEOUT_MS_MAX: u64 = 300_000;

impl Sync {
    /// What the requester's client has missed. A client that starts, or wants the whole state, is answered at once; so
    /// is everybody while the server stops.
    pub async fn sync(
        self: &Arc<Self>,
        requester: &Requester,
        request: SyncRequest,
    ) -> Result<Response, SyncError> {
        let since = request.since.as_deref().map(token::parse_since).transpose()?;
        // Registered before the first look, so that nothing falls between looking and waiting.
        let waiter = self.notifier.wait(requester.user);
        let timeout = request.timeout.min(Duration::from_millis(TIMEOUT_MS_MAX));
        let time_is_up = tokio::time::sleep(timeout);
        tokio::pin!(time_is_up);
        let stopping = self.tasks.stopping();
        let waits = since.is_some() && !request.full_state && !timeout.is_zero();
        let request = Arc::new(request);
        let mut since = since;
        loop {
            let (answer, until) = self.answer(requester, &request, since).await?;
            if answer.urgent || !waits {
                return Ok(answer.response);
            }
            let waiting_since = self.clock.instant();
            let woken = tokio::select! {
                biased;
                () = stopping.cancelled() => false,
                () = waiter.woken() => true,
                () = &mut time_is_up => false,
            };
            let waited = self.clock.instant().duration_since(waiting_since);
            metrics::histogram!("kith_sync_wait_seconds").record(waited.as_secs_f64());
            if !woken {
                return Ok(answer.response);
            }
            // What has been looked through and found empty need not be looked through again.
            if answer.response.is_empty() {
                since = Some(Since::everything(until));
            }
        }
    }

    async fn answer(
        self: &Arc<Self>,
        requester: &Requester,
        request: &Arc<SyncRequest>,
        since: Option<Since>,
    ) -> Result<(Answer, Position), SyncError> {
        let (sync, requester, request) = (Arc::clone(self), requester.clone(), Arc::clone(request));
        self.tasks.blocking(move || sync.answer_now(&requester, &request, since)).await
    }

    /// An answer for this moment, and up to where it reaches.
    pub(crate) fn answer_now(
        &self,
        requester: &Requester,
        request: &SyncRequest,
        since: Option<Since>,
    ) -> Result<(Answer, Position), SyncError> {
        // First the bound, then the snapshot: so everything up to the bound is in it.
        let until = self.store.visible();
        let view = self.store.read();
        let filter = SyncFilter::find(&*view, requester.user, request.filter.as_deref())?;
        let device_id = requester.device_id.as_deref();
        let viewer = self.rooms.viewer(&*view, requester.user, &requester.user_id, device_id)?;
        let device_id = device_id.map(|device_id| device_id.as_str());
        let moment = Moment {
            sync: self,
            read: &*view,
            user: requester.user,
            device_id,
            viewer: &viewer,
            connection: Connection::new(requester.user, device_id, request.filter.as_deref()),
            filter: &filter,
            // A token from the future can only come from data that was restored from a backup.
            since: since.map(|since| since.position.min(until)),
            to_device_since: since.map_or(Position::START, |since| since.to_device),
            until,
            full_state: request.full_state,
            state_after: request.state_after,
        };
        Ok((moment.assemble()?, until))
    }
}
