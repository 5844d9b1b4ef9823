//! Whoever does too much is told when to go on, and an administrator can let somebody do more.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, User, encode};

/// A server on which every class of this configuration is limited, and nothing else.
async fn limited(classes: &str) -> Server {
    Server::start_with(&format!("[rate_limits]\n{classes}\n")).await
}

/// Checks that an answer is the refusal of somebody who does too much; how long to wait.
#[track_caller]
fn too_much(answer: Answer) -> Duration {
    let header = answer.headers.get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    let body = answer.refused(429, "M_LIMIT_EXCEEDED");
    let seconds: u64 = header.expect("a Retry-After header").parse().expect("whole seconds");
    assert!(seconds >= 1, "a client that comes back at once is refused again");
    if let Some(wait_ms) = body["retry_after_ms"].as_u64() {
        assert!(wait_ms <= seconds * 1_000, "{body}");
    }
    Duration::from_secs(seconds)
}

/// Does something until it is refused; how often it passed.
async fn burst(mut act: impl AsyncFnMut(usize) -> Answer) -> usize {
    for number in 0..20 {
        let answer = act(number).await;
        if answer.status == 429 {
            too_much(answer);
            return number;
        }
        answer.ok();
    }
    panic!("nothing is refused");
}

async fn say(user: &User, room: &str) -> Answer {
    user.send_event(room, "m.room.message", json!({"msgtype": "m.text", "body": "again"})).await
}

#[tokio::test]
async fn messages_are_limited_per_user_and_flow_again() {
    let server = limited("message = { per_second = 1.0, burst = 5 }").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&room).await.ok();
    let passed = burst(async |_| say(&alice, &room).await).await;
    assert!((4..=8).contains(&passed), "{passed}");
    // State and redactions are taken from the same bucket; others have their own.
    too_much(alice.set_state(&room, "m.room.topic", "", json!({"topic": "speed"})).await);
    say(&bob, &room).await.ok();
    let wait = too_much(say(&alice, &room).await);
    assert!(wait <= Duration::from_secs(6), "{wait:?}");
    tokio::time::sleep(wait).await;
    say(&alice, &room).await.ok();
    // What was refused has not happened.
    let history = alice.get(&format!("/rooms/{}/messages?dir=b&limit=100", encode(&room))).await.ok();
    let messages =
        history["chunk"].as_array().unwrap().iter().filter(|event| event["type"] == "m.room.message");
    assert_eq!(messages.count(), passed + 2);
}

#[tokio::test]
async fn an_administrator_lifts_the_limit_of_one_user() {
    let server = limited("message = { per_second = 0.01, burst = 3 }").await;
    let (root, alice) = (server.register_admin("root").await, server.register("alice").await);
    let room = alice.create_room(json!({})).await;
    burst(async |_| say(&alice, &room).await).await;
    let path = format!("/_synapse/admin/v1/users/{}/override_ratelimit", encode(&alice.id));
    // Nobody lifts their own.
    let lifted = json!({"messages_per_second": 0, "burst_count": 0});
    alice.post(&path, lifted.clone()).await.refused(403, "M_FORBIDDEN");
    assert_eq!(root.post(&path, lifted.clone()).await.ok(), lifted);
    assert_eq!(root.get(&path).await.ok(), lifted);
    for _ in 0..10 {
        say(&alice, &room).await.ok();
    }
    let more = json!({"messages_per_second": 1, "burst_count": 6});
    root.post(&path, more.clone()).await.ok();
    let passed = burst(async |_| say(&alice, &room).await).await;
    assert!((4..=9).contains(&passed), "{passed}");
    root.delete(&path).await.ok();
    assert_eq!(root.get(&path).await.ok(), json!({}));
    assert!((1..=3).contains(&burst(async |_| say(&alice, &room).await).await));
}

#[tokio::test]
async fn wrong_passwords_are_counted_and_right_ones_are_not() {
    let server = limited("login_failed_per_account = { per_second = 0.01, burst = 3 }").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let log_in = async |user: &User, password: &str| {
        let identifier = json!({"type": "m.id.user", "user": user.localpart()});
        let body = json!({"type": "m.login.password", "identifier": identifier, "password": password});
        server.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await
    };
    for _ in 0..5 {
        log_in(&alice, "alice-password").await.ok();
    }
    for _ in 0..3 {
        log_in(&alice, "a guess").await.refused(403, "M_FORBIDDEN");
    }
    too_much(log_in(&alice, "a guess").await);
    // The right one does not help whoever guesses on.
    too_much(log_in(&alice, "alice-password").await);
    log_in(&bob, "bob-password").await.ok();
}

#[tokio::test]
async fn logins_are_limited_by_address_and_by_account() {
    for class in ["login_per_address", "login_per_account"] {
        let server = limited(&format!("{class} = {{ per_second = 0.01, burst = 4 }}")).await;
        let (alice, bob) = (server.register("alice").await, server.register("bob").await);
        let log_in = async |user: &User| {
            let name = user.localpart();
            let body = json!({
                "type": "m.login.password", "password": format!("{name}-password"),
                "identifier": {"type": "m.id.user", "user": name},
            });
            server.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await
        };
        assert_eq!(burst(async |_| log_in(&alice).await).await, 4, "{class}");
        let other = log_in(&bob).await;
        assert_eq!(other.status, if class == "login_per_address" { 429 } else { 200 }, "{class}");
    }
}

#[tokio::test]
async fn registrations_are_limited_by_address() {
    let server = limited("registration = { per_second = 0.01, burst = 4 }").await;
    let passed = burst(async |number| {
        let body = json!({"username": format!("user{number}"), "password": "a good password", "auth": {"type": "m.login.dummy"}});
        server.anonymous("POST", "/_matrix/client/v3/register", Some(body)).await
    })
    .await;
    assert_eq!(passed, 4);
}

#[tokio::test]
async fn a_trusted_proxy_tells_addresses_apart() {
    let config = "[[listeners]]\naddress = \"127.0.0.1:$PORT\"\ntrusted_proxies = [\"127.0.0.0/8\"]\n\n\
        [rate_limits]\nregistration = { per_second = 0.01, burst = 2 }\n";
    let server = Server::start_with(config).await;
    let register = async |number: usize, address: &str| {
        let body = json!({"username": format!("u{number}"), "password": "a good password", "auth": {"type": "m.login.dummy"}});
        let request = server.http.post(format!("{}/_matrix/client/v3/register", server.base));
        request.header("x-forwarded-for", address).json(&body).send().await.unwrap().status().as_u16()
    };
    assert_eq!([register(0, "198.51.100.1").await, register(1, "198.51.100.1").await], [200, 200]);
    assert_eq!(register(2, "198.51.100.1").await, 429);
    assert_eq!(register(3, "198.51.100.2").await, 200);
    // What stands further left a client may have made up.
    assert_eq!(register(4, "192.0.2.7, 198.51.100.1").await, 429);
}

/// A class, and something that is counted in it.
struct Case {
    class: &'static str,
    method: &'static str,
    path: &'static str,
    body: Value,
}

#[tokio::test]
async fn every_other_class_has_its_bucket() {
    let case = |class, method, path, body| Case { class, method, path, body };
    let cases = [
        case("room_creation", "POST", "/createRoom", json!({})),
        case("profile", "PUT", "/profile/@alice:localhost/displayname", json!({"displayname": "A"})),
        case("presence", "PUT", "/presence/@alice:localhost/status", json!({"presence": "online"})),
        case(
            "ephemeral",
            "PUT",
            "/rooms/$ROOM/typing/@alice:localhost",
            json!({"typing": true, "timeout": 1000}),
        ),
        case("user_directory", "POST", "/user_directory/search", json!({"search_term": "a"})),
        case("join", "POST", "/join/$ROOM", json!({})),
        case("join_per_room", "POST", "/join/$ROOM", json!({})),
        case("report", "POST", "/rooms/$ROOM/report", json!({"reason": "dull"})),
    ];
    for Case { class, method, path, body } in cases {
        let server = limited(&format!("{class} = {{ per_second = 0.01, burst = 3 }}")).await;
        let (alice, bob) = (server.register("alice").await, server.register("bob").await);
        let room = bob.create_room(json!({"preset": "public_chat"})).await;
        if !class.starts_with("join") {
            alice.join(&room).await.ok();
        }
        let path = path.replace("$ROOM", &encode(&room));
        let passed = burst(async |_| alice.call(method, &path, Some(body.clone())).await).await;
        assert!((2..=3).contains(&passed), "{class}: {passed}");
    }
}

#[tokio::test]
async fn invites_are_limited_in_three_ways() {
    for class in ["invite_per_room", "invite_per_user", "invite_per_issuer"] {
        let server = limited(&format!("{class} = {{ per_second = 0.01, burst = 2 }}")).await;
        let alice = server.register("alice").await;
        let mut guests = Vec::new();
        for number in 0..3 {
            guests.push(server.register(&format!("guest{number}")).await);
        }
        let mut rooms = Vec::new();
        for _ in 0..3 {
            rooms.push(alice.create_room(json!({})).await);
        }
        let passed = burst(async |number| match class {
            "invite_per_room" => alice.invite(&rooms[0], &guests[number]).await,
            "invite_per_user" => alice.invite(&rooms[number], &guests[0]).await,
            _ => alice.invite(&rooms[number], &guests[number]).await,
        })
        .await;
        assert_eq!(passed, 2, "{class}");
    }
}

#[tokio::test]
async fn the_defaults_leave_an_ordinary_evening_alone() {
    let server = Server::start_with("[rate_limits]\nenabled = true\n").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"preset": "private_chat", "invite": [bob.id]})).await;
    bob.join(&room).await.ok();
    for number in 0..40 {
        let event = alice.say(&room, &format!("message {number}")).await;
        let path = format!("/rooms/{}/receipt/m.read/{}", encode(&room), encode(&event));
        bob.post(&path, json!({})).await.ok();
    }
}
