//! Accounts: registering, the password, addresses, the end.

mod change_password;
mod check_registration_token_validity;
mod deactivate;
mod delete_3pid;
mod get_3pids;
mod get_username_availability;
mod register;
mod whoami;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(change_password::handler)
        .endpoint(check_registration_token_validity::handler)
        .endpoint_async(deactivate::handler)
        .endpoint(delete_3pid::handler)
        .endpoint(get_3pids::handler)
        .endpoint(get_username_availability::handler)
        .endpoint(register::handler)
        .endpoint(whoami::handler)
}
