//! `GET /_matrix/static/client/login/`

use crate::harness::{Browser, Server};

#[tokio::test]
async fn there_is_a_page_to_log_in_with() {
    let server = Server::start().await;
    let answer =
        server.http.get(format!("{}/_matrix/static/client/login/", server.base)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let html = answer.text().await.unwrap();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    assert!(html.contains(&format!("<script nonce=\"{nonce}\">")) && html.contains("matrixLogin"), "{html}");
    let again = Browser::new(&server).open("/_matrix/static/client/login/").await;
    assert!(!again.html.contains(nonce));
}
