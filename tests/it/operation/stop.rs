//! The end: whoever waits is answered, and it is over soon.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Connection, Server, User};

/// Service managers lose patience then.
const STOP_TIME_MAX: Duration = Duration::from_secs(10);

/// Ends the server, in time.
async fn stop(server: &mut Server) {
    let started = Instant::now();
    server.terminate().await;
    assert!(started.elapsed() < STOP_TIME_MAX, "stopped after {:?}", started.elapsed());
}

#[tokio::test]
async fn long_polls_are_answered_at_the_end() {
    let mut server = Server::start().await;
    let mut users = Vec::new();
    for name in ["alice", "bob", "carol"] {
        let user = server.register(name).await;
        user.create_room(json!({})).await;
        // The first syncs are over before the wait begins.
        let since = user.now().await;
        let since = user.sync(Some(&since)).await["next_batch"].as_str().unwrap().to_owned();
        users.push((user, since));
    }
    let polls = users.iter().map(|(user, since)| async move {
        let started = Instant::now();
        let answer = user.get(&format!("/sync?timeout=60000&since={since}")).await;
        (answer, started.elapsed())
    });
    let (answers, ()) = tokio::join!(join_all(polls), async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        stop(&mut server).await;
    });
    for (answer, waited) in answers {
        assert!(waited > Duration::from_millis(500), "the poll did not wait: {waited:?}");
        assert!(answer.ok()["next_batch"].is_string());
    }
    assert!(server.http.get(&server.base).send().await.is_err(), "the socket is closed");
    assert!(server.log().contains("stopped"), "{}", server.log());
}

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost() {
    let mut server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let (path, write) = (format!("/rooms/{}/send/m.room.message", crate::harness::encode(&room)), &alice);
    let writing = join_all((0..8).map(|writer| {
        let path = &path;
        async move { write_until_the_end(write, path, writer).await }
    }));
    let (written, ()) = tokio::join!(writing, async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        stop(&mut server).await;
    });
    let server = server.run_again().await;
    let alice = alice.on(&server);
    for event in written.into_iter().flatten() {
        let path =
            format!("/rooms/{}/event/{}", crate::harness::encode(&room), crate::harness::encode(&event));
        alice.get(&path).await.ok();
    }
}

async fn write_until_the_end(user: &User, path: &str, writer: usize) -> Vec<String> {
    let mut written = Vec::new();
    for number in 0.. {
        let content = json!({"msgtype": "m.text", "body": "until the end"});
        match user.try_call("PUT", &format!("{path}/{writer}-{number}"), Some(content)).await {
            Some(answer) if answer.status == 200 => written.push(answer.event_id()),
            _ => break,
        }
    }
    written
}

#[tokio::test]
async fn connections_that_only_hang_about_hold_nobody_up() {
    let mut server = Server::start().await;
    let alice = server.register("alice").await;
    let mut silent = Connection::open(&server).await;
    let mut idle = Connection::open(&server).await;
    idle.send("GET /_kith/health HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(idle.answer().await.status, 200);
    let mut half = Connection::open(&server).await;
    let head =
        "PUT /_matrix/client/v3/user/x/account_data/y HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000";
    half.send(format!("{head}\r\nauthorization: Bearer {}\r\n\r\n{{", alice.token)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop(&mut server).await;
    assert!(silent.is_closed().await && idle.is_closed().await);
}
