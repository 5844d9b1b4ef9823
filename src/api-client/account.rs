//! Accounts: registering, the password, addresses, the end.

mod add_3pid;
mod add_3pid_before_uia;
mod bind_3pid;
mod change_password;
mod check_registration_token_validity;
mod deactivate;
mod delete_3pid;
mod get_3pids;
mod get_username_availability;
mod register;
mod request_3pid_management_token_via_email;
mod request_3pid_management_token_via_msisdn;
mod request_password_change_token_via_email;
mod request_password_change_token_via_msisdn;
mod request_registration_token_via_email;
mod request_registration_token_via_msisdn;
mod show_email_link;
mod submit_email_token;
mod unbind_3pid;
mod whoami;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint_async(add_3pid::handler)
        .endpoint_async(add_3pid_before_uia::handler)
        .endpoint_async(bind_3pid::handler)
        .endpoint_async(change_password::handler)
        .endpoint(check_registration_token_validity::handler)
        .endpoint_async(deactivate::handler)
        .endpoint_async(delete_3pid::handler)
        .endpoint(get_3pids::handler)
        .endpoint(get_username_availability::handler)
        .endpoint_async(register::handler)
        .endpoint_async(request_3pid_management_token_via_email::handler)
        .endpoint(request_3pid_management_token_via_msisdn::handler)
        .endpoint_async(request_password_change_token_via_email::handler)
        .endpoint(request_password_change_token_via_msisdn::handler)
        .endpoint_async(request_registration_token_via_email::handler)
        .endpoint(request_registration_token_via_msisdn::handler)
        .endpoint_raw(show_email_link::handler)
        .endpoint_raw(submit_email_token::handler)
        .endpoint_async(unbind_3pid::handler)
        .endpoint(whoami::handler)
}
