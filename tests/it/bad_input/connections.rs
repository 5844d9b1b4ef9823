//! HTTP that is pipelined, slow, malformed or hung up.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Connection, Server, User, encode};

fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n")
}

/// The head of a request that sends a message with a body of this length.
fn send_head(user: &User, room: &str, transaction: &str, length: usize) -> String {
    let path = format!("/_matrix/client/v3/rooms/{}/send/m.room.message/{transaction}", encode(room));
    let token = &user.token;
    format!(
        "PUT {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n"
    )
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let mut connection = Connection::open(&server).await;
    let mut all = String::new();
    for number in 0..10 {
        let body = format!("{{\"msgtype\":\"m.text\",\"body\":\"{number}\"}}");
        all.push_str(&send_head(&alice, &room, &format!("p{number}"), body.len()));
        all.push_str(&body);
        all.push_str(&get("/_matrix/client/v3/account/whoami", &alice.token));
        all.push_str(&get("/_matrix/client/v3/nothing", &alice.token));
    }
    connection.send(&all).await;
    let mut events = Vec::new();
    for _ in 0..10 {
        events.push(connection.answer().await.event_id());
        assert_eq!(connection.answer().await.ok()["user_id"], *alice.id);
        connection.answer().await.refused(404, "M_UNRECOGNIZED");
    }
    let page = alice.get(&format!("/rooms/{}/messages?dir=b&limit=10", encode(&room))).await.ok();
    let mut found: Vec<&str> =
        page["chunk"].as_array().unwrap().iter().map(|event| event["event_id"].as_str().unwrap()).collect();
    found.reverse();
    assert_eq!(found, events);
}

#[tokio::test]
async fn a_refused_body_does_not_become_the_next_request() {
    let server = Server::start_with("[limits]\nrequest_body_bytes_max = 65536\n").await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let mut connection = Connection::open(&server).await;
    // The body is full of requests.
    let inner = get("/_matrix/client/v3/joined_rooms", &alice.token);
    let body = inner.repeat(100_000 / inner.len() + 1);
    connection.send(send_head(&alice, &room, "t1", body.len())).await;
    connection.send(&body).await;
    connection.answer().await.refused(413, "M_TOO_LARGE");
    assert!(connection.is_quiet().await, "what was in the body is no request");
}

#[tokio::test]
async fn a_slow_body_is_awaited_and_a_very_slow_one_is_not() {
    let server = Server::start_with("[limits]\nbody_timeout_ms = 1500\n").await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let body = br#"{"msgtype":"m.text","body":"slow"}"#;
    let mut connection = Connection::open(&server).await;
    connection.send(send_head(&alice, &room, "t1", body.len())).await;
    for byte in body {
        connection.send([*byte]).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    connection.answer().await.ok();
    let mut connection = Connection::open(&server).await;
    connection.send(send_head(&alice, &room, "t2", body.len())).await;
    connection.send(&body[..10]).await;
    let started = Instant::now();
    let answer = connection.answer().await;
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(answer.status, 408, "{}", answer.body);
    answer.is_sound();
}

#[tokio::test]
async fn slow_bodies_hold_nobody_up() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut connection = Connection::open(&server).await;
        connection.send(send_head(&alice, &room, &format!("s{number}"), 1_000)).await;
        connection.send("{").await;
        slow.push(connection);
    }
    let started = Instant::now();
    for _ in 0..20 {
        alice.say(&room, "quick").await;
    }
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test]
async fn whoever_hangs_up_is_forgotten() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let since = alice.now().await;
    for number in 0..30 {
        let mut connection = Connection::open(&server).await;
        match number % 3 {
            0 => connection.send(send_head(&alice, &room, &format!("h{number}"), 1_000)).await,
            1 => connection.send("GET /_matrix/cl").await,
            _ => {
                let path = format!("/_matrix/client/v3/sync?timeout=30000&since={since}");
                connection.send(get(&path, &alice.token)).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    alice.say(&room, "still here").await;
    let connections = async || {
        let text =
            server.http.get(format!("{}/metrics", server.base)).send().await.unwrap().text().await.unwrap();
        let line = text.lines().find(|line| line.starts_with("kith_connections ")).unwrap().to_owned();
        line.split(' ').nth(1).unwrap().parse::<f64>().unwrap()
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    while connections().await > 5.0 {
        assert!(Instant::now() < deadline, "{} connections are left", connections().await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn malformed_requests_get_an_answer() {
    let server = Server::start().await;
    for request in [
        "nonsense\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /_matrix/client/versions HTTP/1.1\r\nno colon here\r\n\r\n",
        "GET /_matrix/client/versions HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "GET /_matrix/client/versions HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        "GET /_matrix/client/versions HTTP/1.1\r\nhost: a\r\ncontent-length: many\r\n\r\n",
        "GET /\u{0}HTTP HTTP/1.1\r\n\r\n",
    ] {
        let mut connection = Connection::open(&server).await;
        connection.send(request).await;
        let answer = connection.answer().await;
        assert!((400..500).contains(&answer.status), "{request:?}: {}", answer.status);
    }
    let mut connection = Connection::open(&server).await;
    connection
        .send(format!(
            "GET /_matrix/client/versions HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
            "y".repeat(100_000)
        ))
        .await;
    assert_eq!(connection.answer().await.status, 431);
    let mut connection = Connection::open(&server).await;
    connection.send(format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "y".repeat(100_000))).await;
    let status = connection.answer().await.status;
    assert!([404, 414, 431].contains(&status), "{status}");
}

#[tokio::test]
async fn chunks_win_over_a_length_and_bad_chunks_are_refused() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let head = |more: &str| {
        format!(
            "POST /_matrix/client/v3/user_directory/search HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
             transfer-encoding: chunked\r\n{more}\r\n",
            alice.token
        )
    };
    let body = "17\r\n{\"search_term\":\"nobody\"}\r\n0\r\n\r\n";
    let mut connection = Connection::open(&server).await;
    connection.send(head("") + body).await;
    connection.answer().await.refused(400, "M_NOT_JSON");
    let body = "18\r\n{\"search_term\":\"nobody\"}\r\n0\r\n\r\n";
    let mut connection = Connection::open(&server).await;
    connection.send(head("") + body).await;
    assert_eq!(connection.answer().await.ok()["results"], json!([]));
    // Both at once is what smugglers send: refused, or read as chunks and nothing else.
    let mut connection = Connection::open(&server).await;
    connection.send(head("content-length: 3\r\n") + body).await;
    let answer = connection.answer().await;
    assert!(answer.status == 400 || answer.ok()["results"] == json!([]));
    assert!(connection.is_quiet().await, "the rest of a body is no request");
    let mut connection = Connection::open(&server).await;
    connection.send(head("") + "zz\r\n{}\r\n0\r\n\r\n").await;
    let answer = connection.answer().await;
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[tokio::test]
async fn older_and_rarer_http_works() {
    let server = Server::start().await;
    let mut connection = Connection::open(&server).await;
    connection.send("GET /_matrix/client/versions HTTP/1.0\r\n\r\n").await;
    assert!(connection.answer().await.ok()["versions"].is_array());
    let mut connection = Connection::open(&server).await;
    let absolute = format!("GET {}/_matrix/client/versions HTTP/1.1\r\nhost: localhost\r\n\r\n", server.base);
    connection.send(absolute).await;
    assert!(connection.answer().await.ok()["versions"].is_array());
    let alice = server.register("alice").await;
    let mut connection = Connection::open(&server).await;
    let head = format!(
        "POST /_matrix/client/v3/user_directory/search HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         expect: 100-continue\r\ncontent-length: 24\r\n\r\n",
        alice.token
    );
    connection.send(head).await;
    assert_eq!(connection.answer().await.status, 100);
    connection.send("{\"search_term\":\"nobody\"}").await;
    assert_eq!(connection.answer().await.ok()["results"], json!([]));
    let answer = server.http.head(format!("{}/_matrix/client/versions", server.base)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}
