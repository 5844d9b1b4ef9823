//! Reports about users.

mod report_user;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(report_user::handler)
}
