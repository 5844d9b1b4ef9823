//! The table of contents of the server-server API: one line an area, one file an endpoint.

use kith_api_common::Router;

use crate::{
    authenticated_media, authorization, backfill, directory, discovery, event, membership, openid, query,
    space, thirdparty, transactions,
};

/// Enters every endpoint of the server-server API.
#[must_use]
pub fn routes(router: Router) -> Router {
    let areas = [
        authenticated_media::routes,
        authorization::routes,
        backfill::routes,
        directory::routes,
        discovery::routes,
        event::routes,
        membership::routes,
        openid::routes,
        query::routes,
        space::routes,
        thirdparty::routes,
        transactions::routes,
    ];
    areas.into_iter().fold(router, |router, area| area(router))
}
