//! `GET /_matrix/client/v3/auth/{authType}/fallback/web`

use serde_json::json;

use crate::harness::{Browser, Server};

#[tokio::test]
async fn every_stage_that_needs_one_has_a_page() {
    let config =
        "[registration]\nmode = \"token\"\nrequire_terms = true\nterms_url = \"https://example.org/terms\"\n";
    let server = Server::start_with(config).await;
    let asked = server.anonymous("POST", "/_matrix/client/v3/register", Some(json!({}))).await;
    let stages: &[&str] = &["m.login.registration_token", "m.login.terms"];
    let session = asked.challenged(&[stages]);
    let browser = Browser::new(&server);
    for (stage, text) in [
        ("m.login.registration_token", "name=\"token\""),
        ("m.login.terms", "example.org"),
        ("m.login.dummy", "Continue"),
    ] {
        let page =
            browser.open(&format!("/_matrix/client/v3/auth/{stage}/fallback/web?session={session}")).await;
        assert_eq!(page.status, 200);
        page.shows(text);
    }
    let path = format!("/_matrix/client/v3/auth/m.login.password/fallback/web?session={session}");
    server.anonymous("GET", &path, None).await.refused(404, "M_NOT_FOUND");
    let path = "/_matrix/client/v3/auth/m.login.terms/fallback/web?session=made-up";
    server.anonymous("GET", path, None).await.refused(400, "M_UNKNOWN");
    let path = "/_matrix/client/v3/auth/m.login.terms/fallback/web";
    server.anonymous("GET", path, None).await.refused(400, "M_MISSING_PARAM");
}
