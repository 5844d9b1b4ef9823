//! Requests without a token, with a bad one, and with one that is not allowed to.

use serde_json::json;

use super::endpoints::{ADMIN, CLIENT, Who};
use crate::harness::{Answer, Server, send};

/// Checks that a refusal is this one, unless the endpoint is not served at all.
#[track_caller]
fn refused_if_served(answer: Answer, status: u16, errcode: &str) {
    if answer.body["errcode"] != "M_UNRECOGNIZED" {
        answer.refused(status, errcode);
    }
}

/// A path whose arguments look right.
fn path_of(template: &str) -> String {
    let filled = template
        .replace("{userId}", "@bob:localhost")
        .replace("{user_id}", "@bob:localhost")
        .replace("{roomId}", "!room:localhost")
        .replace("{room_id}", "!room:localhost")
        .replace("{eventId}", "$event")
        .replace("{event_id}", "$event");
    filled.replace(['{', '}'], "")
}

#[tokio::test]
async fn nothing_is_told_without_a_token() {
    let server = Server::start().await;
    let mut served = 0;
    for (method, path, _) in CLIENT.iter().chain(ADMIN).filter(|(_, _, who)| *who != Who::Anybody) {
        let path = path_of(path);
        let missing = server.anonymous(method, &path, None).await;
        served += usize::from(missing.body["errcode"] != "M_UNRECOGNIZED");
        refused_if_served(missing, 401, "M_MISSING_TOKEN");
        let unknown = send(&server.http, &server.base, method, &path, Some("no token of ours"), None).await;
        refused_if_served(unknown, 401, "M_UNKNOWN_TOKEN");
    }
    assert!(served > 80, "only {served} endpoints are served");
}

#[tokio::test]
async fn users_are_no_administrators() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for (method, path, _) in ADMIN.iter().filter(|(_, _, who)| *who == Who::Admin) {
        let answer = alice.call(method, &path_of(path), (*method != "GET").then(|| json!({}))).await;
        // Where the body is bad as well, either may be said.
        if answer.status != 400 {
            refused_if_served(answer, 403, "M_FORBIDDEN");
        }
    }
}

#[tokio::test]
async fn odd_headers_are_no_tokens() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let ask = async |value: &[u8]| {
        let value = reqwest::header::HeaderValue::from_bytes(value).unwrap();
        let url = format!("{}/_matrix/client/v3/account/whoami", server.base);
        let answer = server.http.get(url).header("authorization", value).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<serde_json::Value>().await.unwrap()["errcode"].clone())
    };
    for value in
        [&b""[..], b"Bearer", b"Basic YTpi", b"\xff\xfe", b"Bearer \xff", b"token", b"X-Matrix origin=a"]
    {
        let (status, errcode) = ask(value).await;
        assert_eq!(status, 401, "{value:?}");
        assert!(errcode == "M_MISSING_TOKEN" || errcode == "M_UNKNOWN_TOKEN", "{value:?}: {errcode}");
    }
    assert_eq!(ask(&[b"Bearer ".as_slice(), &[b'x'; 8_000]].concat()).await, (401, "M_UNKNOWN_TOKEN".into()));
    assert_eq!(ask(format!("Bearer {}x", alice.token).as_bytes()).await, (401, "M_UNKNOWN_TOKEN".into()));
    // The name of the scheme has no case.
    assert_eq!(ask(format!("bearer {}", alice.token).as_bytes()).await.0, 200);
}
