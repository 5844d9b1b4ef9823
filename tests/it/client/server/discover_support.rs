//! `GET /.well-known/matrix/support`

use serde_json::json;

use crate::harness::Server;

const PATH: &str = "/.well-known/matrix/support";

#[tokio::test]
async fn people_and_a_page_are_named() {
    let more = r#"
[well_known]
support_page = "https://example.org/help"
support_contacts = [
    { email_address = "admin@example.org", matrix_id = "@admin:example.org", role = "m.role.admin" },
    { email_address = "security@example.org", role = "m.role.security" },
]
"#;
    let server = Server::start_with(more).await;
    let answer = server.anonymous("GET", PATH, None).await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    let expected = json!({
        "support_page": "https://example.org/help",
        "contacts": [
            {"email_address": "admin@example.org", "matrix_id": "@admin:example.org", "role": "m.role.admin"},
            {"email_address": "security@example.org", "role": "m.role.security"},
        ],
    });
    assert_eq!(answer.ok(), expected);
}

#[tokio::test]
async fn without_anybody_to_name_there_is_nothing() {
    let server = Server::start().await;
    server.anonymous("GET", PATH, None).await.refused(404, "M_NOT_FOUND");
}
