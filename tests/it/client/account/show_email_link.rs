//! `GET /_matrix/client/unstable/email/submit_token`

use super::wish_for_mail;
use crate::harness::{Mailbox, Server};

#[tokio::test]
async fn looking_at_a_link_confirms_nothing() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    let path = "/_matrix/client/v3/account/3pid/email/requestToken";
    let wish = wish_for_mail("alice@example.org", "secret", 1);
    server.anonymous("POST", path, Some(wish)).await.ok();
    let link = mailbox.letter(0).await.link();
    for _ in 0..2 {
        let answer = server.http.get(&link).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let headers = answer.headers().clone();
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cache-control"], "no-store");
        assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        let html = answer.text().await.unwrap();
        assert!(html.contains("alice@example.org") && html.contains("<form method=\"post\">"), "{html}");
    }
    // A link that is not whole shows nobody's address.
    let wrong = server.http.get(link.replace("token=", "token=x")).send().await.unwrap();
    assert_eq!(wrong.status(), 400);
    assert!(!wrong.text().await.unwrap().contains("alice"));
    let path = "/_matrix/client/unstable/email/submit_token";
    server.anonymous("GET", path, None).await.refused(400, "M_MISSING_PARAM");
}
