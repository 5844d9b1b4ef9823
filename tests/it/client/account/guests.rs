//! Guests: what they may and may not do.
//! <https://spec.matrix.org/v1.19/client-server-api/#guest-access>

use serde_json::json;

use crate::harness::{Server, User, encode, shows_event};

const GUESTS: &str = "[registration]\nmode = \"open\"\nguests = true\n";

#[tokio::test]
async fn guests_come_without_a_name() {
    let server = Server::start_with(GUESTS).await;
    let path = "/_matrix/client/v3/register?kind=guest";
    // Everything but the device's name is passed over.
    let body = json!({
        "username": "eve",
        "password": "correct horse",
        "device_id": "EVE",
        "initial_device_display_name": "Browser",
    });
    let answer = server.anonymous("POST", path, Some(body)).await.ok();
    let guest = User::from_login(&server, &answer);
    assert!(guest.id != "@eve:localhost" && guest.device != "EVE", "{answer}");
    assert!(guest.localpart().bytes().all(|byte| byte.is_ascii_digit()), "{answer}");
    let me = guest.get("/account/whoami").await.ok();
    assert_eq!(me, json!({"user_id": guest.id, "device_id": guest.device, "is_guest": true}));
    let device = guest.get(&format!("/devices/{}", guest.device)).await.ok();
    assert_eq!(device["display_name"], "Browser");
    assert_ne!(server.register_guest().await.id, guest.id);
    server.log_in(&guest.id, "correct horse").await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn guests_become_full_users_under_their_name() {
    const PATH: &str = "/_matrix/client/v3/register";
    let server = Server::start_with(GUESTS).await;
    let (guest, other) = (server.register_guest().await, server.register_guest().await);
    let alice = server.register("alice").await;
    let wish = |name: &str, token: &str| {
        let auth = json!({"type": "m.login.dummy"});
        json!({"username": name, "password": "correct horse", "guest_access_token": token, "auth": auth})
    };
    let name = guest.localpart();
    let name = name.as_str();
    for (name, token) in [
        (name, &*other.token),
        (name, &*alice.token),
        (name, "nonsense"),
        ("eve", &*guest.token),
        ("alice", &*guest.token),
    ] {
        server.anonymous("POST", PATH, Some(wish(name, token))).await.refused(403, "M_FORBIDDEN");
    }
    // Without the token the name is nobody's to have.
    let body = json!({"username": name, "password": "correct horse"});
    server.anonymous("POST", PATH, Some(body)).await.refused(400, "M_INVALID_USERNAME");
    assert_eq!(guest.get("/account/whoami").await.ok()["is_guest"], true);

    let answer = server.anonymous("POST", PATH, Some(wish(name, &guest.token))).await.ok();
    assert_eq!(answer["user_id"], *guest.id);
    // The session of the guest goes on as the user's.
    for session in [&guest, &User::from_login(&server, &answer)] {
        assert!(session.get("/account/whoami").await.ok().get("is_guest").is_none());
        session.create_room(json!({})).await;
    }
    server.log_in(&guest.id, "correct horse").await.ok();
    // There is no guest any more.
    server.anonymous("POST", PATH, Some(wish(name, &guest.token))).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn without_guests_nobody_is_one() {
    let server = Server::start().await;
    let path = "/_matrix/client/v3/register?kind=guest";
    server.anonymous("POST", path, Some(json!({}))).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn guests_keep_out_of_what_is_not_theirs() {
    let server = Server::start_with(GUESTS).await;
    let (guest, alice) = (server.register_guest().await, server.register("alice").await);
    let me = encode(&guest.id);
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let in_room = encode(&room);
    for (method, path, body) in [
        ("POST", "/createRoom".to_owned(), json!({})),
        ("POST", "/account/password".to_owned(), json!({"new_password": "correct horse"})),
        ("POST", "/account/deactivate".to_owned(), json!({})),
        ("GET", "/account/3pid".to_owned(), json!({})),
        ("POST", "/account/3pid/delete".to_owned(), json!({"medium": "email", "address": "a@b"})),
        ("PUT", format!("/profile/{me}/avatar_url"), json!({"avatar_url": "mxc://localhost/a"})),
        ("PUT", format!("/profile/{me}/m.tz"), json!({"m.tz": "Europe/London"})),
        ("DELETE", format!("/profile/{me}/m.tz"), json!({})),
        ("PUT", format!("/user/{me}/account_data/org.example"), json!({})),
        ("GET", format!("/user/{me}/account_data/org.example"), json!({})),
        ("PUT", format!("/user/{me}/rooms/{in_room}/tags/u.mine"), json!({})),
        ("POST", format!("/rooms/{in_room}/invite"), json!({"user_id": alice.id})),
        ("PUT", "/directory/room/%23tea%3Alocalhost".to_owned(), json!({"room_id": room})),
    ] {
        guest.call(method, &path, Some(body)).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
    }
}

#[tokio::test]
async fn guests_take_part_where_rooms_let_them() {
    let server = Server::start_with(GUESTS).await;
    let (guest, alice) = (server.register_guest().await, server.register("alice").await);
    let open = alice.create_room(json!({"preset": "public_chat"})).await;
    let closed = alice.create_room(json!({"preset": "public_chat"})).await;
    alice.set_state(&open, "m.room.guest_access", "", json!({"guest_access": "can_join"})).await.ok();
    alice.set_state(&closed, "m.room.guest_access", "", json!({"guest_access": "forbidden"})).await.ok();
    let refused = guest.join(&closed).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    guest.join(&open).await.ok();
    let name = json!({"displayname": "A passer-by"});
    guest.put(&format!("/profile/{}/displayname", encode(&guest.id)), name).await.ok();
    let event = guest.say(&open, "hello").await;
    assert!(shows_event(&guest.sync(None).await, &open, &event));
    guest.get("/devices").await.ok();
    guest.put(&format!("/devices/{}", guest.device), json!({"display_name": "Window"})).await.ok();
    // When the room closes its doors, guests go.
    let since = alice.now().await;
    alice.set_state(&open, "m.room.guest_access", "", json!({"guest_access": "forbidden"})).await.ok();
    alice
        .sync_until(Some(&since), |answer| {
            let events = answer["rooms"]["join"][&open]["timeline"]["events"].as_array()?;
            let left = |event: &&serde_json::Value| {
                event["state_key"] == *guest.id && event["content"]["membership"] == "leave"
            };
            events.iter().find(left).cloned()
        })
        .await;
    guest.post(&format!("/rooms/{}/leave", encode(&open)), json!({})).await.is_sound();
}
