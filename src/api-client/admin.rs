//! What the specification lets administrators do. The rest is in the admin API.

mod get_user_info;
mod is_user_locked;
mod is_user_suspended;
mod lock_user;
mod suspend_user;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(get_user_info::handler)
        .endpoint(is_user_locked::handler)
        .endpoint(is_user_suspended::handler)
        .endpoint(lock_user::handler)
        .endpoint(suspend_user::handler)
}
