//! The table of contents of the admin API: one line an area, one file an endpoint.

use kith_api_common::Router;

use crate::{
    devices, federation, media, register, registration_tokens, reports, rooms, server, server_notices,
    statistics, users,
};

/// Enters every endpoint of the admin API.
#[must_use]
pub fn routes(router: Router) -> Router {
    let areas = [
        devices::routes,
        federation::routes,
        media::routes,
        register::routes,
        registration_tokens::routes,
        reports::routes,
        rooms::routes,
        server::routes,
        server_notices::routes,
        statistics::routes,
        users::routes,
    ];
    areas.into_iter().fold(router, |router, area| area(router))
}
