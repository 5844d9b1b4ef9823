//! Registering where the operator asks for consent, and for a registration token with it.

use serde_json::json;

use super::register;
use crate::harness::{SHARED_SECRET, Server, User};

fn terms(mode: &str) -> String {
    format!(
        "[registration]\nmode = \"{mode}\"\nshared_secret = \"{SHARED_SECRET}\"\nrequire_terms = true\n\
         terms_url = \"https://example.org/terms\"\nterms_version = \"2026-01\"\nterms_name = \"House rules\"\n"
    )
}

#[tokio::test]
async fn nobody_comes_in_without_consent() {
    const FLOWS: &[&[&str]] = &[&["m.login.terms"]];
    let server = Server::start_with(&terms("open")).await;
    let body = json!({"username": "alice", "password": "correct horse"});
    let challenge = register(&server, body.clone()).await;
    let policy = json!({
        "version": "2026-01",
        "en": {"name": "House rules", "url": "https://example.org/terms"},
    });
    assert_eq!(challenge.body["params"]["m.login.terms"]["policies"], json!({"terms": policy}));
    let session = challenge.challenged(FLOWS);
    let mut skip = body.clone();
    skip["auth"] = json!({"type": "m.login.dummy", "session": session});
    register(&server, skip).await.unconvinced("M_UNRECOGNIZED", FLOWS);
    let mut agree = body;
    agree["auth"] = json!({"type": "m.login.terms", "session": session});
    User::from_login(&server, &register(&server, agree).await.ok()).is_logged_in().await;
}

#[tokio::test]
async fn every_stage_of_the_flow_is_needed() {
    const FLOWS: &[&[&str]] = &[&["m.login.registration_token", "m.login.terms"]];
    let server = Server::start_with(&terms("token")).await;
    let admin = server.register_by_secret("admin", true).await;
    let path = "/_synapse/admin/v1/registration_tokens/new";
    admin.post(path, json!({"token": "welcome", "uses_allowed": 1})).await.ok();
    let body = json!({"username": "alice", "password": "correct horse"});
    let session = register(&server, body.clone()).await.challenged(FLOWS);
    let with = |auth: serde_json::Value| {
        let mut body = body.clone();
        body["auth"] = auth;
        body["auth"]["session"] = session.clone().into();
        body
    };
    let token = |token: &str| with(json!({"type": "m.login.registration_token", "token": token}));
    let wrong = register(&server, token("wrong")).await;
    assert_eq!(wrong.body["completed"], json!([]));
    wrong.unconvinced("M_UNAUTHORIZED", FLOWS);
    let half = register(&server, token("welcome")).await;
    assert_eq!(half.body["completed"], json!(["m.login.registration_token"]));
    assert_eq!(half.challenged(FLOWS), session);
    // The same stage again is no other stage.
    assert_eq!(register(&server, token("welcome")).await.challenged(FLOWS), session);
    register(&server, with(json!({"type": "m.login.terms"}))).await.ok();
    let found = admin.get("/_synapse/admin/v1/registration_tokens/welcome").await.ok();
    assert_eq!((&found["pending"], &found["completed"]), (&json!(0), &json!(1)));
}
