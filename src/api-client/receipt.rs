//! Read receipts.

mod create_receipt;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(create_receipt::handler)
}
