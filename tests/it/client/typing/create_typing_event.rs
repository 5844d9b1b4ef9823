//! `PUT /_matrix/client/v3/rooms/{roomId}/typing/{userId}`

use serde_json::{Value, json};

use crate::harness::{Answer, Server, User, encode, ephemeral, shows_event, two_in_a_room};

async fn typing(user: &User, room: &str, of: &User, body: Value) -> Answer {
    user.put(&format!("/rooms/{}/typing/{}", encode(room), encode(&of.id)), body).await
}

/// Waits until a user sees that exactly these others type.
async fn sees(user: &User, since: &str, room: &str, typists: &[&User]) -> String {
    let mut expected: Vec<_> = typists.iter().map(|typist| typist.id.clone()).collect();
    expected.sort();
    let told = |answer: &Value| {
        let mut found: Vec<String> =
            serde_json::from_value(ephemeral(answer, room, "m.typing")?["user_ids"].clone()).unwrap();
        found.sort();
        (found == expected).then_some(())
    };
    user.sync_until(Some(since), told).await.1
}

#[tokio::test]
async fn others_see_that_somebody_starts_and_stops() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    alice.invite(&room, &carol).await.ok();
    carol.join(&room).await.ok();
    let since = bob.now().await;
    let begin = json!({"typing": true, "timeout": 60_000});
    assert_eq!(typing(&alice, &room, &alice, begin.clone()).await.ok(), json!({}));
    let since = sees(&bob, &since, &room, &[&alice]).await;
    typing(&carol, &room, &carol, begin).await.ok();
    let since = sees(&bob, &since, &room, &[&alice, &carol]).await;
    // Whoever syncs anew sees who is typing now.
    let whole = bob.sync(None).await;
    assert_eq!(
        ephemeral(&whole, &room, "m.typing").expect("somebody types")["user_ids"].as_array().unwrap().len(),
        2
    );
    typing(&alice, &room, &alice, json!({"typing": false})).await.ok();
    let since = sees(&bob, &since, &room, &[&carol]).await;
    typing(&carol, &room, &carol, json!({"typing": false, "timeout": 1})).await.ok();
    sees(&bob, &since, &room, &[]).await;
}

#[tokio::test]
async fn typing_ends_by_itself() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let since = bob.now().await;
    typing(&alice, &room, &alice, json!({"typing": true, "timeout": 800})).await.ok();
    let since = sees(&bob, &since, &room, &[&alice]).await;
    sees(&bob, &since, &room, &[]).await;
}

#[tokio::test]
async fn a_repeated_notice_is_no_news() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let since = bob.now().await;
    for _ in 0..3 {
        typing(&alice, &room, &alice, json!({"typing": true, "timeout": 60_000})).await.ok();
    }
    let since = sees(&bob, &since, &room, &[&alice]).await;
    typing(&alice, &room, &alice, json!({"typing": true, "timeout": 60_000})).await.ok();
    let last = alice.say(&room, "and send").await;
    let mut told = 0;
    bob.sync_until(Some(&since), |answer| {
        told += usize::from(ephemeral(answer, &room, "m.typing").is_some());
        shows_event(answer, &room, &last).then_some(())
    })
    .await;
    assert_eq!(told, 0);
}

#[tokio::test]
async fn the_timeout_is_optional() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let since = bob.now().await;
    typing(&alice, &room, &alice, json!({"typing": true})).await.ok();
    sees(&bob, &since, &room, &[&alice]).await;
}

#[tokio::test]
async fn after_a_restart_nobody_types() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let since = bob.now().await;
    typing(&alice, &room, &alice, json!({"typing": true, "timeout": 100_000})).await.ok();
    let since = sees(&bob, &since, &room, &[&alice]).await;
    let server = server.restart().await;
    alice.on(&server).say(&room, "back again").await;
    sees(&bob.on(&server), &since, &room, &[]).await;
}

#[tokio::test]
async fn nobody_types_for_somebody_else() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let begin = json!({"typing": true, "timeout": 5000});
    typing(&bob, &room, &alice, begin.clone()).await.refused(403, "M_FORBIDDEN");
    typing(&carol, &room, &carol, begin.clone()).await.refused(403, "M_FORBIDDEN");
    typing(&carol, "!nowhere:localhost", &carol, begin.clone()).await.refused(403, "M_FORBIDDEN");
    let path = format!("/_matrix/client/v3/rooms/{}/typing/{}", encode(&room), encode(&alice.id));
    server.anonymous("PUT", &path, Some(begin)).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    for body in [json!({}), json!({"typing": "yes"}), json!({"typing": true, "timeout": "long"}), json!([])] {
        typing(&alice, &room, &alice, body).await.refused(400, "M_BAD_JSON");
    }
    typing(&alice, &room, &alice, json!({"typing": true, "timeout": -1})).await.refused(400, "M_BAD_JSON");
    // As long as a client wishes, and no longer than the server allows.
    let long = json!({"typing": true, "timeout": 9_007_199_254_740_991_u64});
    typing(&alice, &room, &alice, long).await.ok();
    typing(&alice, "nonsense", &alice, json!({"typing": false})).await.refused(400, "M_INVALID_PARAM");
}
