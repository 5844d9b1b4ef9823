//! `POST /_matrix/client/v1/appservice/{appserviceId}/ping`

use std::io::{Read, Write};

use serde_json::json;
use tempfile::TempDir;

use crate::harness::{Bridge, Server, server::send};

const PING: &str = "/_matrix/client/v1/appservice/irc/ping";
const TOKEN: &str = "the token of the pinged service";

/// A server that knows an application service at this URL.
async fn server_with(url: &str) -> (Server, TempDir) {
    let registrations = TempDir::new().unwrap();
    let registration = format!(
        "id: irc\nurl: {url}\nas_token: {TOKEN}\nhs_token: the token of the server\nsender_localpart: ircbot\n\
         rate_limited: false\nnamespaces: {{users: [], aliases: [], rooms: []}}\n"
    );
    std::fs::write(registrations.path().join("irc.yaml"), registration).unwrap();
    let directory = registrations.path().display().to_string();
    let server = Server::start_with(&format!("\n[appservices]\ndirectory = \"{directory}\"\n")).await;
    (server, registrations)
}

/// Answers one request with this status; the thread returns the request.
fn service(status: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = String::new();
        while !text.contains("abc") {
            let mut chunk = [0; 4096];
            let length = stream.read(&mut chunk).unwrap();
            text.push_str(&String::from_utf8_lossy(&chunk[..length]));
        }
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{{}}"
        )
        .unwrap();
        text
    });
    (url, answering)
}

#[tokio::test]
async fn the_service_is_asked_with_the_servers_token() {
    let (url, answering) = service("200 OK");
    let (server, _registrations) = server_with(&url).await;
    let body = Some(json!({"transaction_id": "abc"}));
    let answer = send(&server.http, &server.base, "POST", PING, Some(TOKEN), body).await.ok();
    assert!(answer["duration_ms"].is_u64(), "{answer}");
    let request = answering.join().unwrap();
    assert!(request.starts_with("POST /_matrix/app/v1/ping "), "{request}");
    assert!(request.to_lowercase().contains("authorization: bearer the token of the server"), "{request}");
}

#[tokio::test]
async fn what_goes_wrong_is_told() {
    let (url, answering) = service("418 I'm a teapot");
    let (server, _registrations) = server_with(&url).await;
    let ping = || {
        send(&server.http, &server.base, "POST", PING, Some(TOKEN), Some(json!({"transaction_id": "abc"})))
    };
    let body = ping().await.refused(502, "M_BAD_STATUS");
    assert_eq!(body["status"], 418);
    answering.join().unwrap();
    // Nobody listens there any more.
    ping().await.refused(502, "M_CONNECTION_FAILED");
}

#[tokio::test]
async fn only_the_service_itself_may_ask() {
    let bridge = Bridge::start().await;
    let alice = bridge.server.register("alice").await;
    alice.post(PING, json!({})).await.refused(403, "M_FORBIDDEN");
    bridge.server.anonymous("POST", PING, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    bridge
        .call("POST", "/_matrix/client/v1/appservice/other/ping", Some(json!({})))
        .await
        .refused(403, "M_FORBIDDEN");
    bridge.call("POST", PING, Some(json!({}))).await.refused(400, "M_URL_NOT_SET");
}
