//! Bodies that are no JSON, no JSON of the right kind, or too much of it: each has its `errcode`.

use serde_json::{Value, json};

use super::garbage::DEPTH;
use crate::harness::{Answer, Server, User, encode};

/// The largest body in these tests' configuration.
const BODY_BYTES_MAX: usize = 100_000;

/// Sends a body as it is.
async fn raw(
    server: &Server,
    user: &User,
    method: &str,
    path: &str,
    body: impl Into<reqwest::Body>,
) -> Answer {
    let url = format!("{}/_matrix/client/v3{path}", server.base);
    let request = server.http.request(method.parse().unwrap(), url).bearer_auth(&user.token).body(body);
    let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body: Value = response.json().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
    Answer { request: format!("{method} {path}"), status, headers, body }
}

/// Places that take an object, of several areas.
fn places(user: &User, room: &str) -> Vec<(&'static str, String)> {
    let room = encode(room);
    vec![
        ("POST", "/createRoom".to_owned()),
        ("PUT", format!("/rooms/{room}/send/m.room.message/t1")),
        ("PUT", format!("/rooms/{room}/state/org.example.state/key")),
        ("POST", format!("/rooms/{room}/invite")),
        ("POST", format!("/rooms/{room}/read_markers")),
        ("PUT", format!("/rooms/{room}/typing/{}", encode(&user.id))),
        ("PUT", format!("/user/{}/account_data/org.example", encode(&user.id))),
        ("POST", format!("/user/{}/filter", encode(&user.id))),
        ("PUT", format!("/profile/{}/displayname", encode(&user.id))),
        ("POST", "/user_directory/search".to_owned()),
        ("POST", "/login".to_owned()),
        ("POST", "/register".to_owned()),
    ]
}

#[tokio::test]
async fn what_is_no_json_is_called_so() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    for (method, path) in places(&alice, &room) {
        for body in
            [&b"{"[..], b"{} {}", b"{\"a\":1,}", b"nonsense", b"{\"a\":\"\xff\"}", b"{\"a\":\"\0\"}", b"\0"]
        {
            let mut answer = raw(&server, &alice, method, &path, body).await;
            answer.request += &String::from_utf8_lossy(body);
            answer.refused(400, "M_NOT_JSON");
        }
    }
}

#[tokio::test]
async fn json_of_the_wrong_kind_is_called_so() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    for (method, path) in places(&alice, &room) {
        for body in ["[]", "[{}]", "\"text\"", "7", "true", "null"] {
            raw(&server, &alice, method, &path, body).await.refused(400, "M_BAD_JSON");
        }
    }
}

#[tokio::test]
async fn numbers_that_not_every_server_reads_alike_enter_no_event() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let path = format!("/rooms/{}/send/m.room.message", encode(&room));
    let send = async |number: &str| {
        let body = format!("{{\"msgtype\":\"m.text\",\"body\":\"x\",\"number\":{number}}}");
        raw(&server, &alice, "PUT", &format!("{path}/{}", encode(number)), body).await
    };
    for number in ["0", "-1", "9007199254740991", "-9007199254740991"] {
        send(number).await.ok();
    }
    for number in ["9007199254740992", "-9007199254740992", "1.5", "1e300", "18446744073709551616", "1e-5"] {
        send(number).await.refused(400, "M_BAD_JSON");
    }
    let answer = send("1e999").await;
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[tokio::test]
async fn depth_has_a_limit() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    for (method, path) in places(&alice, &room) {
        for depth in [1_000, DEPTH] {
            raw(&server, &alice, method, &path, nested(depth)).await.refused(400, "M_BAD_JSON");
        }
    }
    for path in [
        format!("/rooms/{}/send/org.example/t2", encode(&room)),
        format!("/user/{}/account_data/org.example", encode(&alice.id)),
    ] {
        raw(&server, &alice, "PUT", &path, nested(50)).await.ok();
    }
    // Brackets in a text have no depth.
    let text =
        json!({"msgtype": "m.text", "body": format!("{}\\\"{}", "[".repeat(1_000), "{".repeat(1_000))});
    alice.send_event(&room, "m.room.message", text).await.ok();
    alice.sync(None).await;
}

#[tokio::test]
async fn bodies_have_a_size_limit() {
    let server = Server::start_with(&format!("[limits]\nrequest_body_bytes_max = {BODY_BYTES_MAX}\n")).await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let padded = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    for (method, path) in places(&alice, &room) {
        for bytes in [BODY_BYTES_MAX + 1, 5_000_000] {
            raw(&server, &alice, method, &path, padded(bytes)).await.refused(413, "M_TOO_LARGE");
            // Without saying so beforehand.
            let chunks = padded(bytes)
                .into_bytes()
                .chunks(60_000)
                .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
                .collect::<Vec<_>>();
            let body = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
            raw(&server, &alice, method, &path, body).await.refused(413, "M_TOO_LARGE");
        }
    }
    let path = format!("/user/{}/account_data/org.example", encode(&alice.id));
    raw(&server, &alice, "PUT", &path, padded(BODY_BYTES_MAX)).await.ok();
}

#[tokio::test]
async fn the_default_limit_holds_as_well() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let body = vec![b' '; 9 * 1024 * 1024];
    raw(&server, &alice, "POST", "/createRoom", body).await.refused(413, "M_TOO_LARGE");
}

#[tokio::test]
async fn events_have_the_size_limit_of_the_specification() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let long = |bytes: usize| json!({"msgtype": "m.text", "body": "x".repeat(bytes)});
    alice.send_event(&room, "m.room.message", long(63_000)).await.ok();
    alice.send_event(&room, "m.room.message", long(66_000)).await.refused(413, "M_TOO_LARGE");
    alice.set_state(&room, "org.example", "", long(66_000)).await.refused(413, "M_TOO_LARGE");
    let key = "k".repeat(256);
    let answer = alice.set_state(&room, "org.example", &key, json!({})).await;
    assert!([400, 413].contains(&answer.status), "{}", answer.body);
    let answer = alice.send_event(&room, &"t".repeat(256), json!({})).await;
    assert!([400, 413].contains(&answer.status), "{}", answer.body);
}

#[tokio::test]
async fn no_body_is_an_empty_object() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = raw(&server, &alice, "POST", "/createRoom", "").await.ok();
    let room = encode(room["room_id"].as_str().unwrap());
    raw(&server, &alice, "POST", &format!("/join/{room}"), "").await.ok();
    raw(&server, &alice, "POST", &format!("/rooms/{room}/leave"), "").await.ok();
    // Where something is needed, its absence is named.
    raw(&server, &alice, "POST", "/user_directory/search", "").await.refused(400, "M_BAD_JSON");
}

#[tokio::test]
async fn the_type_of_the_content_does_not_matter() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    for (number, kind) in
        ["text/plain", "application/x-www-form-urlencoded", "nonsense", "application/json; charset=latin1"]
            .iter()
            .enumerate()
    {
        let url = format!(
            "{}/_matrix/client/v3/rooms/{}/send/m.room.message/c{number}",
            server.base,
            encode(&room)
        );
        let body = r#"{"msgtype":"m.text","body":"x"}"#;
        let request = server.http.put(url).bearer_auth(&alice.token).header("content-type", *kind).body(body);
        assert_eq!(request.send().await.unwrap().status(), 200, "{kind}");
    }
}
