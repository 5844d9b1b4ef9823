//! What there is in the networks that application services bridge to.

mod get_location_for_protocol;
mod get_location_for_room_alias;
mod get_protocol;
mod get_protocols;
mod get_user_for_protocol;
mod get_user_for_user_id;

use kith_api_common::{ApiError, Call, Router};
use kith_appservice::Fields;

/// What in a query belongs to the request and not to what is looked for.
const AUTHENTICATION: [&str; 4] = ["access_token", "user_id", "device_id", "org.matrix.msc3202.device_id"];

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint_async(get_location_for_protocol::handler)
        .endpoint_async(get_location_for_room_alias::handler)
        .endpoint_async(get_protocol::handler)
        .endpoint_async(get_protocols::handler)
        .endpoint_async(get_user_for_protocol::handler)
        .endpoint_async(get_user_for_user_id::handler)
}

/// The fields of a search, without what the search is authenticated by: that is none of the bridge's business.
fn fields(call: &Call, mut query: Fields) -> Fields {
    let is_service = call.find_requester().is_some_and(|requester| requester.appservice.is_some());
    let own = if is_service { &AUTHENTICATION[..] } else { &AUTHENTICATION[..1] };
    query.retain(|name, _| !own.contains(&name.as_str()));
    query
}

fn no_such_protocol() -> ApiError {
    ApiError::not_found("No application service here bridges to this protocol")
}
