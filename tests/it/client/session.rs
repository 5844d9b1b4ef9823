//! Logging in and out.

mod appservice_login;
mod directory_login;
mod expiry;
mod get_login_token;
mod get_login_types;
mod jwt_login;
mod life_of_tokens;
mod login;
mod login_limits;
mod logout;
mod logout_all;
mod refresh_token;
mod sso_backchannel_logout;
mod sso_callback;
mod sso_login;
mod sso_login_with_provider;

use serde_json::{Value, json};

use crate::harness::{Answer, Browser, IdentityProvider, Server, User, encode};

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

/// The part of a configuration that lets people go back to one client without being asked.
const TRUST: &str = "[sso]\ntrusted_clients = [\"https://app.example.org\"]\n";
/// The same with what stands above it.
const TRUSTING: &str = "public_base_url = \"http://127.0.0.1:$PORT\"\n\
    [sso]\ntrusted_clients = [\"https://app.example.org\"]\n";

/// Where a browser is sent that wants to log in for the client at this address.
async fn begin_sso(browser: &Browser, client: &str) -> String {
    let path = format!("/_matrix/client/v3/login/sso/redirect?redirectUrl={}", encode(client));
    browser.open(&path).await.goes_to()
}

/// Logs somebody in at a service, and then here, on a device.
async fn sign_on(server: &Server, service: &IdentityProvider, claims: Value, device: &str) -> User {
    let browser = Browser::new(server);
    let back = service.let_in(&begin_sso(&browser, "https://app.example.org/").await, claims);
    let location = browser.open(&back).await.goes_to();
    let token = location.strip_prefix("https://app.example.org/?loginToken=").unwrap();
    let body = json!({"type": "m.login.token", "token": token, "device_id": device});
    User::from_login(server, &login(server, body).await.ok())
}
