//! Logging in and out.

mod get_login_token;
mod get_login_types;
mod login;
mod logout;
mod logout_all;
mod refresh_token;
mod sso_backchannel_logout;
mod sso_callback;
mod sso_login;
mod sso_login_with_provider;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint_async(get_login_token::handler)
        .endpoint(get_login_types::handler)
        .endpoint_async(login::handler)
        .endpoint(logout::handler)
        .endpoint(logout_all::handler)
        .endpoint(refresh_token::handler)
        .endpoint_raw(sso_backchannel_logout::handler)
        .endpoint_raw(sso_callback::handler)
        .endpoint_raw(sso_login::handler)
        .endpoint_raw(sso_login_with_provider::handler)
}
