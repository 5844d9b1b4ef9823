//! The table of contents of the server-server API: one line an area, one file an endpoint.

use kith_api_common::Router;

use crate::discovery;

/// Enters every endpoint of the server-server API.
#[must_use]
pub fn routes(router: Router) -> Router {
    let areas = [discovery::routes];
    areas.into_iter().fold(router, |router, area| area(router))
}
