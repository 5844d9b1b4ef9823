//! Typing notices.

mod create_typing_event;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(create_typing_event::handler)
}
