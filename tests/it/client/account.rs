//! Accounts: registering, the password, addresses, the end.

mod change_password;
mod check_registration_token_validity;
mod deactivate;
mod delete_3pid;
mod erasure;
mod get_3pids;
mod get_username_availability;
mod guests;
mod races;
mod register;
mod register_appservice;
mod register_terms;
mod whoami;

use serde_json::Value;

use crate::harness::{Answer, Server};

async fn register(server: &Server, body: Value) -> Answer {
    server.anonymous("POST", "/_matrix/client/v3/register", Some(body)).await
}
