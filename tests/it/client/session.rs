//! Logging in and out.

mod appservice_login;
mod expiry;
mod get_login_token;
mod get_login_types;
mod life_of_tokens;
mod login;
mod login_limits;
mod logout;
mod logout_all;
mod refresh_token;

use serde_json::{Value, json};

use crate::harness::{Answer, Server};

async fn login(server: &Server, body: Value) -> Answer {
    server.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await
}

fn with_password(user: &str, password: &str) -> Value {
    let identifier = json!({"type": "m.id.user", "user": user});
    json!({"type": "m.login.password", "identifier": identifier, "password": password})
}

async fn refresh(server: &Server, token: &str) -> Answer {
    let body = json!({"refresh_token": token});
    server.anonymous("POST", "/_matrix/client/v3/refresh", Some(body)).await
}

/// An access token and the token that renews it.
fn pair(answer: &Value) -> (String, String) {
    let text = |key: &str| answer[key].as_str().unwrap_or_else(|| panic!("no {key} in {answer}")).to_owned();
    (text("access_token"), text("refresh_token"))
}
