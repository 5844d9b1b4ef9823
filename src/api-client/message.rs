//! Messages.

mod get_message_events;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(get_message_events::handler)
}
