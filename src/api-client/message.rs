//! Messages.

mod get_message_events;
mod send_message_event;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint_async(get_message_events::handler).endpoint(send_message_event::handler)
}
