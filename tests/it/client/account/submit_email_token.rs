//! `POST /_matrix/client/unstable/email/submit_token`

use serde_json::{Value, json};

use super::wish_for_mail;
use crate::harness::{Mailbox, Program, Server, encode};

const ASK: &str = "/_matrix/client/v3/account/3pid/email/requestToken";
const PATH: &str = "/_matrix/client/unstable/email/submit_token";

fn parts(link: &str) -> (String, String) {
    let query = link.split_once('?').unwrap().1;
    let (sid, token) = query.strip_prefix("sid=").unwrap().split_once("&token=").unwrap();
    (sid.to_owned(), token.to_owned())
}

#[tokio::test]
async fn programs_confirm_an_address_too() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    server.anonymous("POST", ASK, Some(wish_for_mail("alice@example.org", "secret", 1))).await.ok();
    let (sid, token) = parts(&mailbox.letter(0).await.link());
    let wrong = |body: Value| server.anonymous("POST", PATH, Some(body));
    let body = json!({"sid": sid, "token": "guessed", "client_secret": "secret"});
    wrong(body).await.refused(400, "M_THREEPID_AUTH_FAILED");
    let body = json!({"sid": sid, "token": token, "client_secret": "another"});
    wrong(body).await.refused(400, "M_THREEPID_AUTH_FAILED");
    wrong(json!({"sid": sid})).await.refused(400, "M_MISSING_PARAM");
    let body = json!({"sid": sid, "token": token, "client_secret": "secret"});
    let answer = server.anonymous("POST", PATH, Some(body)).await.ok();
    assert_eq!(answer, json!({"success": true}));
}

#[tokio::test]
async fn only_chosen_pages_are_led_on_to() {
    let mailbox = Mailbox::start().await;
    let config = format!("{}next_links = [\"https://app.example.org/\"]\n", mailbox.config());
    let server = Server::start_with(&config).await;
    let links = [
        ("https://app.example.org/#/go?on=\"now\"", true),
        ("https://app.example.org.evil.example/", false),
        ("https://evil.example/?https://app.example.org/", false),
        ("javascript:alert(1)", false),
    ];
    for (number, (next, followed)) in links.into_iter().enumerate() {
        let mut wish = wish_for_mail(&format!("alice{number}@example.org"), "secret", 1);
        wish["next_link"] = json!(next);
        server.anonymous("POST", ASK, Some(wish)).await.ok();
        let (sid, token) = parts(&mailbox.letter(number).await.link());
        let form = format!("sid={}&token={}", encode(&sid), encode(&token));
        let request = server.http.post(format!("{}{PATH}", server.base)).body(form);
        let answer =
            request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let html = answer.text().await.unwrap();
        assert_eq!(html.contains("http-equiv=\"refresh\""), followed, "{html}");
        assert!(
            !html.contains("evil") && !html.contains("javascript") && !html.contains("=\"now\""),
            "{html}"
        );
    }
}

#[tokio::test]
async fn a_link_has_time_to_arrive() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    let config = format!("{}link_lifetime_seconds = 1\n", mailbox.config());
    std::fs::write(server.path().join("short.toml"), config.replace("$PORT", "1")).unwrap();
    let ended = Program::new(server.path()).arguments(&["--config", "short.toml", "config", "check"]).run();
    assert!(!ended.success && ended.stderr.contains("email.link_lifetime_seconds"), "{ended:?}");
}
