//! `GET /_matrix/app/v1/users/{userId}`, `GET /_matrix/app/v1/rooms/{roomAlias}`: a service makes what it is asked for.
//! <https://spec.matrix.org/v1.19/application-service-api/#querying>

use std::io::{Read, Write};

use serde_json::{Value, json};

use crate::harness::{AS_TOKEN, Bridge, Peer, Server, Service, encode, event_id, now_ms, start_federating};

const USERS: &str = "/_matrix/app/v1/users/";
const ROOMS: &str = "/_matrix/app/v1/rooms/";

/// A request of the service to the server while it answers one of the server's.
fn call_back(port: u16, host: &str, method: &str, path: &str, body: &Value) -> String {
    let body = body.to_string();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nauthorization: Bearer {AS_TOKEN}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = std::net::TcpStream::connect((host, port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Has the service know every user whose name begins with `_irc_known`.
fn makes_users(service: &Service, server: &Server) {
    let (port, host) = (server.port, server.base.split(['/', ':']).nth(3).unwrap().to_owned());
    service.answer(USERS, move |request| {
        let name = request.path[USERS.len()..].trim_start_matches("%40").trim_start_matches('@');
        let name = name.split([':', '%']).next().unwrap();
        if !name.starts_with("_irc_known") {
            return (404, json!({"errcode": "M_NOT_FOUND", "error": "nobody"}));
        }
        let wish = json!({"type": "m.login.application_service", "username": name, "inhibit_login": true});
        let made = call_back(port, &host, "POST", "/_matrix/client/v3/register", &wish);
        assert!(made.starts_with("HTTP/1.1 200"), "{made}");
        (200, json!({}))
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_made_when_somebody_asks_for_them() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "").await;
    makes_users(&service, &bridge.server);
    let alice = bridge.server.register("alice").await;
    let profile = |user: &str| format!("/profile/{}", encode(user));
    let known = "@_irc_known1:localhost";
    assert_eq!(alice.get(&profile(known)).await.ok()["displayname"], "_irc_known1");
    assert_eq!(service.received(USERS).len(), 1);
    // Who is there is not asked for.
    alice.get(&profile(known)).await.ok();
    assert_eq!(service.received(USERS).len(), 1);
    // Nobody knows this one; the service is not asked over and over.
    for _ in 0..3 {
        alice.get(&profile("@_irc_nobody:localhost")).await.refused(404, "M_NOT_FOUND");
    }
    assert_eq!(service.received(USERS).len(), 2);
    // None of its business.
    alice.get(&profile("@nobody:localhost")).await.refused(404, "M_NOT_FOUND");
    assert_eq!(service.received(USERS).len(), 2);

    // By inviting, and by inviting to a new room.
    let (second, third) = ("@_irc_known2:localhost", "@_irc_known3:localhost");
    let room = alice.create_room(json!({"invite": [second]})).await;
    let member = alice.state(&room, "m.room.member", second).await.ok();
    assert_eq!((&member["membership"], &member["displayname"]), (&json!("invite"), &json!("_irc_known2")));
    alice.post(&format!("/rooms/{}/invite", encode(&room)), json!({"user_id": third})).await.ok();
    assert_eq!(alice.state(&room, "m.room.member", third).await.ok()["displayname"], "_irc_known3");
    service.is_told("events", "of the invite", |event| event["state_key"] == third).await;
    bridge.join_as(third, &room).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_is_made_when_somebody_asks_for_it() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "").await;
    let (alice, bob) = (bridge.server.register("alice").await, bridge.server.register("bob").await);
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let (port, target) = (bridge.server.port, room.clone());
    service.answer(ROOMS, move |request| {
        let alias = &request.path[ROOMS.len()..];
        if !alias.contains("_irc_known") {
            return (404, json!({"errcode": "M_NOT_FOUND", "error": "no such channel"}));
        }
        let path = format!("/_matrix/client/v3/directory/room/{alias}");
        let made = call_back(port, "127.0.0.1", "PUT", &path, &json!({"room_id": target}));
        assert!(made.starts_with("HTTP/1.1 200"), "{made}");
        (200, json!({}))
    });
    let directory = |alias: &str| format!("/directory/room/{}", encode(alias));
    assert_eq!(alice.get(&directory("#_irc_known1:localhost")).await.ok()["room_id"], *room);
    assert_eq!(bob.join("#_irc_known2:localhost").await.ok()["room_id"], *room);
    alice.get(&directory("#_irc_nothing:localhost")).await.refused(404, "M_NOT_FOUND");
    bob.join("#_irc_nothing:localhost").await.refused(404, "M_NOT_FOUND");
    let asked = service.received(ROOMS).len();
    alice.get(&directory("#other:localhost")).await.refused(404, "M_NOT_FOUND");
    alice.get(&directory("#_irc_known1:localhost")).await.ok();
    assert_eq!(service.received(ROOMS).len(), asked);
    // Nobody else may make such an alias, whatever the service knows.
    let path = directory("#_irc_mine:localhost");
    alice.put(&path, json!({"room_id": room})).await.refused(400, "M_EXCLUSIVE");
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_not_waited_for_for_ever() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "").await;
    let alice = bridge.server.register("alice").await;
    drop(service);
    let path = format!("/directory/room/{}", encode("#_irc_tea:localhost"));
    alice.get(&path).await.refused(408, "M_UNKNOWN");
    alice.join("#_irc_tea:localhost").await.refused(408, "M_UNKNOWN");
    alice.get(&format!("/profile/{}", encode("@_irc_bob:localhost"))).await.refused(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_servers_reach_a_services_users() {
    let service = Service::start().await;
    let bridge = Bridge::around(&service, async |section| start_federating("127.0.0.2", &section).await);
    let (bridge, peer) = tokio::join!(bridge, Peer::start("127.0.0.7"));
    makes_users(&service, &bridge.server);
    let server = &bridge.server;
    let known = format!("@_irc_known1:{}", server.name);
    let query = |user: &str| format!("/_matrix/federation/v1/query/profile?user_id={}", encode(user));
    assert_eq!(peer.get(server, &query(&known)).await.ok()["displayname"], "_irc_known1");
    let unknown = format!("@_irc_nobody:{}", server.name);
    peer.get(server, &query(&unknown)).await.refused(404, "M_NOT_FOUND");
    let alias = format!("#_irc_nothing:{}", server.name);
    let path = format!("/_matrix/federation/v1/query/directory?room_alias={}", encode(&alias));
    peer.get(server, &path).await.refused(404, "M_NOT_FOUND");
    assert_eq!(service.received(ROOMS).len(), 1);

    // An invite to a room that this server is not in comes to the service, with what the room is.
    let invited = format!("@_irc_known2:{}", server.name);
    let (create_id, create) = peer.event(json!({
        "type": "m.room.create", "state_key": "", "sender": peer.user("bob"), "content": {"room_version": "12"},
        "depth": 1, "prev_events": [], "auth_events": [], "origin_server_ts": now_ms(),
    }));
    let room = format!("!{}", create_id.trim_start_matches('$'));
    let (id, invite) = peer.event(json!({
        "type": "m.room.member", "state_key": invited, "sender": peer.user("bob"), "room_id": room,
        "content": {"membership": "invite"}, "depth": 5, "prev_events": ["$before"], "auth_events": ["$power"],
        "origin_server_ts": now_ms(),
    }));
    let path = format!("/_matrix/federation/v2/invite/{}/{}", encode(&room), encode(&id));
    let body = json!({"room_version": "12", "event": invite, "invite_room_state": [create]});
    let signed = peer.ask(server, "PUT", &path, Some(body)).await.ok();
    let told = service.hears(&event_id(&signed["event"])).await;
    assert_eq!((&told["room_id"], &told["state_key"]), (&json!(room), &json!(invited)));
    let face = told["unsigned"]["invite_room_state"].as_array().unwrap_or_else(|| panic!("{told}"));
    assert!(face.iter().any(|event| event["type"] == "m.room.create"), "{told}");
}
