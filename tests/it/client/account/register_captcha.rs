//! Registering where the operator has a captcha solved.

use serde_json::{Value, json};

use super::register;
use crate::harness::{Peer, User, start_federating};

const FLOWS: &[&[&str]] = &[&["m.login.recaptcha"]];
const VERIFY: &str = "/siteverify";

#[tokio::test]
async fn whoever_solves_the_captcha_comes_in() {
    let provider = Peer::start("127.0.0.3").await;
    provider.answer(VERIFY, |received| {
        let solved = received.body == json!("secret=hush+hush&response=right%26proper");
        (200, json!({"success": solved, "error-codes": []}))
    });
    let more = format!(
        "[registration]\nmode = \"open\"\ncaptcha_site_key = \"shown\"\ncaptcha_secret_key = \"hush hush\"\n\
         captcha_verify_url = \"https://{}{VERIFY}\"\n",
        provider.name
    );
    let server = start_federating("127.0.0.2", &more).await;
    let body = json!({"username": "alice", "password": "correct horse"});
    let challenge = register(&server, body.clone()).await;
    assert_eq!(challenge.body["params"]["m.login.recaptcha"], json!({"public_key": "shown"}));
    let session = challenge.challenged(FLOWS);
    let with = |auth: Value| {
        let mut body = body.clone();
        body["auth"] = auth;
        body["auth"]["session"] = session.clone().into();
        body
    };
    let solution = |response: &str| with(json!({"type": "m.login.recaptcha", "response": response}));
    register(&server, with(json!({"type": "m.login.dummy"}))).await.unconvinced("M_UNRECOGNIZED", FLOWS);
    register(&server, solution("wrong")).await.unconvinced("M_CAPTCHA_INVALID", FLOWS);
    // A provider that says nothing of use lets nobody in.
    provider.answer("/siteverify", |_| (500, json!("down for a moment")));
    let answer = register(&server, solution("right&proper")).await;
    assert_eq!(answer.status, 500, "{answer:?}");
    provider.answer(VERIFY, |received| (200, json!({"success": received.body != json!(null)})));
    User::from_login(&server, &register(&server, solution("right&proper")).await.ok()).is_logged_in().await;
    // Guests and those with accounts are not asked.
    assert_eq!(provider.received(VERIFY).len(), 3);
}
