//! Logging in and out.

mod get_login_token;
mod get_login_types;
mod login;
mod logout;
mod logout_all;
mod refresh_token;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(get_login_token::handler)
        .endpoint(get_login_types::handler)
        .endpoint(login::handler)
        .endpoint(logout::handler)
        .endpoint(logout_all::handler)
        .endpoint(refresh_token::handler)
}
