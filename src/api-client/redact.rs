//! Redactions.

mod redact_event;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(redact_event::handler)
}
