//! `GET /_matrix/client/v3/login/sso/redirect`

use serde_json::json;

use super::{TRUSTING, begin_sso};
use crate::harness::{Browser, IdentityProvider, Server, query};

const PATH: &str = "/_matrix/client/v3/login/sso/redirect";

#[tokio::test]
async fn the_only_service_is_gone_to_at_once() {
    let service = IdentityProvider::start().await;
    let server =
        Server::start_with(&format!("{TRUSTING}{}brand = \"gitlab\"\n", service.config("one"))).await;
    let flows = server.anonymous("GET", "/_matrix/client/v3/login", None).await.ok();
    let provider = json!({"id": "one", "name": "The service one", "icon": null, "brand": "gitlab"});
    let sso = flows["flows"].as_array().unwrap().iter().find(|flow| flow["type"] == "m.login.sso").unwrap();
    assert_eq!(sso["identity_providers"][0]["id"], provider["id"]);
    assert_eq!(sso["identity_providers"][0]["name"], provider["name"]);
    assert_eq!(sso["identity_providers"][0]["brand"], provider["brand"]);

    let browser = Browser::new(&server);
    let first = query(&begin_sso(&browser, "https://app.example.org/").await);
    let second = query(&begin_sso(&browser, "https://app.example.org/").await);
    for secret in ["state", "nonce", "code_challenge"] {
        assert!(first[secret].len() >= 40, "{first:?}");
        assert_ne!(first[secret], second[secret]);
    }
    assert!(first["redirect_uri"].ends_with("/_matrix/client/unstable/sso/callback"));
}

#[tokio::test]
async fn among_several_one_chooses() {
    let service = IdentityProvider::start().await;
    let config = format!("{TRUSTING}{}{}", service.config("one"), service.config("two"));
    let server = Server::start_with(&config).await;
    let browser = Browser::new(&server);
    let page = browser.open(&format!("{PATH}?redirectUrl=https%3A%2F%2Fapp.example.org%2F%22%3E")).await;
    assert_eq!(page.status, 200);
    let html = page.shows("The service two");
    assert!(html.contains("one?redirectUrl=https%3A%2F%2Fapp.example.org%2F%22%3E"), "{html}");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let service = IdentityProvider::start().await;
    let server = Server::start_with(&format!("{TRUSTING}{}", service.config("one"))).await;
    server.anonymous("GET", PATH, None).await.refused(400, "M_MISSING_PARAM");
    for client in ["javascript:alert(1)", "data:text/html,x", "/relative", "https://a%20b/"] {
        let path = format!("{PATH}?redirectUrl={client}");
        server.anonymous("GET", &path, None).await.refused(400, "M_INVALID_PARAM");
        assert_eq!(Browser::new(&server).open(&path).await.status, 400);
    }
    let without = Server::start().await;
    let path = format!("{PATH}?redirectUrl=https://app.example.org/");
    without.anonymous("GET", &path, None).await.refused(404, "M_NOT_FOUND");
    // A service that cannot be reached is not the client's fault.
    let away = "[[oidc_providers]]\nissuer = \"http://127.0.0.1:9\"\n";
    let server = Server::start_with(&format!("{TRUSTING}{away}")).await;
    server.anonymous("GET", &path, None).await.refused(502, "M_UNKNOWN");
    Browser::new(&server).open(&path).await.shows("does not answer");
}
