//! Whether what a service's users do is counted against the rate limits.
//! <https://spec.matrix.org/v1.19/application-service-api/#registration>

use serde_json::{Value, json};

use crate::harness::{Bridge, encode};

const LIMITED: &str = "[rate_limits]\nmessage = { per_second = 0.01, burst = 3 }\n";
const MESSAGES: usize = 6;

/// How many of some messages in a user's name are refused.
async fn refused(bridge: &Bridge, user: &str) -> usize {
    let room = bridge.call_as(user, "POST", "/createRoom", Some(json!({}))).await.ok();
    let room = encode(room["room_id"].as_str().unwrap());
    let mut refused = 0;
    for number in 0..MESSAGES {
        let path = format!("/rooms/{room}/send/m.room.message/t{number}");
        let body: Value = json!({"msgtype": "m.text", "body": "again"});
        let answer = bridge.call_as(user, "PUT", &path, Some(body)).await;
        refused += usize::from(answer.status == 429);
    }
    refused
}

#[tokio::test]
async fn users_of_a_service_are_limited_where_its_registration_does_not_say_otherwise() {
    let limited = Bridge::registered(LIMITED, "rate_limited: true").await;
    let ghost = limited.register("_irc_bob").await;
    assert!(refused(&limited, &ghost).await > 0);
    // Its own user never is.
    assert_eq!(refused(&limited, "@ircbot:localhost").await, 0);
    let free = Bridge::start_with(LIMITED).await;
    let ghost = free.register("_irc_bob").await;
    assert_eq!(refused(&free, &ghost).await, 0);
    let alice = free.server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let mut statuses = Vec::new();
    for _ in 0..MESSAGES {
        statuses.push(alice.send_event(&room, "m.test", json!({})).await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}
