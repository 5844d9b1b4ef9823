//! `GET /_matrix/client/v3/events`

use std::time::Duration;

use serde_json::json;

use super::room_to_look_into;
use crate::harness::{bodies, encode};

#[tokio::test]
async fn whoever_looks_into_a_room_hears_of_what_happens() {
    let (server, alice, bob, room) = room_to_look_into().await;
    alice.say(&room, "before").await;
    let path = format!("/events?room_id={}", encode(&room));
    let nothing = bob.get(&format!("{path}&timeout=0")).await.ok();
    assert_eq!(nothing["chunk"], json!([]));
    let from = nothing["end"].as_str().unwrap().to_owned();
    let elsewhere = alice.create_room(json!({})).await;
    let waiting = format!("{path}&from={from}&timeout=30000");
    let (heard, ()) = tokio::join!(bob.get(&waiting), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        alice.say(&elsewhere, "elsewhere").await;
        alice.say(&room, "now").await;
    });
    let heard = heard.ok();
    assert_eq!(bodies(&heard["chunk"]), ["now"]);
    assert_eq!(heard["start"], *from);
    alice.say(&room, "later").await;
    let next = heard["end"].as_str().unwrap();
    let heard = bob.get(&format!("{path}&from={next}&timeout=0")).await.ok();
    assert_eq!(bodies(&heard["chunk"]), ["later"]);
    bob.get(&format!("/events?room_id={}&timeout=0", encode(&elsewhere))).await.refused(403, "M_FORBIDDEN");
    bob.get("/events?timeout=0").await.refused(400, "M_MISSING_PARAM");
    bob.get(&format!("{path}&from=nonsense")).await.refused(400, "M_INVALID_PARAM");
    server.anonymous("GET", &format!("/_matrix/client/v3{path}"), None).await.refused(401, "M_MISSING_TOKEN");
}
