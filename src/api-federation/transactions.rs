//! What other servers deliver.

mod send_transaction_message;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.federation_endpoint_of_envelopes(send_transaction_message::handler)
}
