//! Syncing.

mod sliding_sync;
mod sync_events;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint_raw(sliding_sync::handler).endpoint_raw(sync_events::handler)
}

use kith_accounts::Requester;
use kith_api_common::App;
use kith_store::{Error, Position, live::PresenceState};

/// What the server learns from a request itself: that the user is there, and up to where the device has got its
/// messages.
fn note_contact(
    app: &App,
    requester: &Requester,
    presence: PresenceState,
    got: Option<Position>,
) -> Result<(), Error> {
    app.ephemeral.seen(requester, presence)?;
    if let (Some(got), Some(device_id)) = (got, &requester.device_id) {
        // A token from the future can only come from data that was restored from a backup.
        let until = got.min(app.store.visible());
        app.e2ee.acknowledge_to_device(requester.user, device_id.as_str(), until)?;
    }
    Ok(())
}
