//! OpenID tokens.

mod get_openid_userinfo;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(get_openid_userinfo::handler)
}
