//! `GET /_matrix/client/v3/login/sso/redirect/{idpId}`

use super::TRUSTING;
use crate::harness::{Browser, IdentityProvider, Server, query};

const PATH: &str = "/_matrix/client/v3/login/sso/redirect";

#[tokio::test]
async fn the_named_service_is_gone_to() {
    let (one, two) = (IdentityProvider::start().await, IdentityProvider::start().await);
    let config = format!("{TRUSTING}{}{}", one.config("one"), two.config("two"));
    let server = Server::start_with(&config).await;
    let to = |id: &str| format!("{PATH}/{id}?redirectUrl=https%3A%2F%2Fapp.example.org%2F");
    let browser = Browser::new(&server);
    let location = browser.open(&to("two")).await.goes_to();
    let back = two.let_in(&location, serde_json::json!({"sub": "1", "preferred_username": "alice"}));
    assert!(query(&browser.open(&back).await.goes_to()).contains_key("loginToken"));
    server.anonymous("GET", &to("three"), None).await.refused(404, "M_NOT_FOUND");
    server.anonymous("GET", &format!("{PATH}/one"), None).await.refused(400, "M_MISSING_PARAM");
}
