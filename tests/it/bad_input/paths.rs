//! Paths and methods that are not there, and arguments that are nothing.

use super::endpoints::{ADMIN, CLIENT};
use crate::harness::{Server, encode};

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let server = Server::start().await;
    for path in [
        "/",
        "/_matrix",
        "/_matrix/",
        "/_matrix/client",
        "/_matrix/client/v3",
        "/_matrix/client/v99/sync",
        "/_matrix/client/v3/nothing",
        "/_matrix/client/v3/sync/",
        "/_matrix/client/v3/rooms",
        "//_matrix/client/v3/sync",
        "/_matrix/client/v3//sync",
        "/_matrix/client/v3/%73ync/x",
        "/_matrix/client/v3/%FF",
        "/_matrix/client/v3/%00",
        "/_synapse/admin/v1/nothing",
        "/_kith/nothing",
        "/favicon.ico",
        "/.well-known/matrix/nothing",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let answer = server.anonymous(method, path, None).await;
            assert_eq!(answer.headers["access-control-allow-origin"], "*");
            answer.refused(404, "M_UNRECOGNIZED");
        }
    }
}

#[tokio::test]
async fn wrong_methods_are_not_allowed() {
    let server = Server::start().await;
    let mut served = 0;
    for (_, path, _) in CLIENT.iter().chain(ADMIN) {
        let path = path.replace(['{', '}'], "");
        for method in ["PATCH", "TRACE", "BREW"] {
            let answer = server.anonymous(method, &path, None).await;
            let status = answer.status;
            assert_eq!(answer.headers["access-control-allow-origin"], "*");
            assert!(status == 404 || status == 405, "{method} {path}: {status}");
            answer.refused(status, "M_UNRECOGNIZED");
            served += usize::from(status == 405);
        }
    }
    assert!(served > 300, "only {served} methods of served paths");
    server.anonymous("DELETE", "/_matrix/client/v3/sync", None).await.refused(405, "M_UNRECOGNIZED");
    server.anonymous("GET", "/_matrix/client/v3/createRoom", None).await.refused(405, "M_UNRECOGNIZED");
}

#[tokio::test]
async fn preflights_are_answered_everywhere() {
    let server = Server::start().await;
    for path in ["/_matrix/client/v3/sync", "/_matrix/client/v3/nothing", "/_synapse/admin/v2/users"] {
        let answer = server.anonymous("OPTIONS", path, None).await;
        assert!([200, 204].contains(&answer.status), "{}", answer.status);
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        let methods = answer.headers["access-control-allow-methods"].to_str().unwrap();
        assert!(["GET", "POST", "PUT", "DELETE", "OPTIONS"].iter().all(|method| methods.contains(method)));
        let headers = answer.headers["access-control-allow-headers"].to_str().unwrap();
        assert!(
            ["Authorization", "Content-Type", "X-Requested-With"].iter().all(|name| headers.contains(name))
        );
    }
}

#[tokio::test]
async fn ids_that_are_none_are_refused() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(serde_json::json!({})).await;
    let room = encode(&room);
    for (method, path) in [
        ("GET", "/rooms/nonsense/state".to_owned()),
        ("GET", "/rooms/@alice:localhost/state".to_owned()),
        ("GET", "/rooms/%FF/state".to_owned()),
        ("PUT", "/rooms/nonsense/send/m.room.message/1".to_owned()),
        ("POST", "/join/nonsense".to_owned()),
        ("GET", format!("/rooms/{room}/event/nonsense")),
        ("GET", format!("/rooms/{room}/context/nonsense")),
        ("POST", format!("/rooms/{room}/receipt/m.read/nonsense")),
        ("PUT", format!("/rooms/{room}/redact/nonsense/1")),
        ("GET", "/profile/nonsense".to_owned()),
        ("GET", "/profile/%FF".to_owned()),
        ("GET", "/directory/room/nonsense".to_owned()),
        ("GET", "/presence/nonsense/status".to_owned()),
        ("GET", "/rooms//messages?dir=b".to_owned()),
    ] {
        let body = (method != "GET").then(|| serde_json::json!({}));
        alice.call(method, &path, body).await.refused(400, "M_INVALID_PARAM");
    }
}

#[tokio::test]
async fn nul_bytes_do_no_harm() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(serde_json::json!({"preset": "public_chat"})).await;
    let in_room = format!("/rooms/{}", encode(&room));
    let body = || serde_json::json!({"body": "a\u{0}b", "msgtype": "m.text"});
    for path in [
        format!("{in_room}/send/m.room%00message/t1"),
        format!("{in_room}/send/m.room.message/t%00"),
        format!("{in_room}/state/org.example/a%00b"),
        format!("/user/{}/account_data/a%00b", encode(&alice.id)),
        format!("/user/{}{in_room}/tags/u.a%00b", encode(&alice.id)),
        "/directory/room/%23a%00b%3Alocalhost".to_owned(),
    ] {
        alice.put(&path, body()).await.is_sound();
    }
    alice.get(&format!("{in_room}/state/org.example/a%00b")).await.is_sound();
    // Keys that only begin alike stay apart.
    for (key, value) in [("a", 1), ("a\u{0}", 2), ("a\u{0}\u{1}", 3), ("a\u{ff}", 4), ("", 5)] {
        alice.set_state(&room, "org.example.key", key, serde_json::json!({"value": value})).await.is_sound();
    }
    let found = alice.get(&format!("{in_room}/state/org.example.key/a")).await.ok();
    assert_eq!(found["value"], 1);
    let found = alice.get(&format!("{in_room}/state/org.example.key/")).await.ok();
    assert_eq!(found["value"], 5);
    alice.sync(None).await;
}
