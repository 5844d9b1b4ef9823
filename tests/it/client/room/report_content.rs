//! `POST /_matrix/client/v3/rooms/{roomId}/report/{eventId}`

use serde_json::{Value, json};

use crate::harness::{Answer, User, encode, two_in_a_room};

async fn report(user: &User, room: &str, event: &str, body: Value) -> Answer {
    user.post(&format!("/rooms/{}/report/{}", encode(room), encode(event)), body).await
}

#[tokio::test]
async fn members_report_what_they_see() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let event = alice.say(&room, "milk first").await;
    for body in
        [json!({"reason": "milk"}), json!({}), json!({"reason": "", "score": -100}), json!({"score": 0})]
    {
        assert_eq!(report(&bob, &room, &event, body).await.ok(), json!({}));
    }
    report(&carol, &room, &event, json!({})).await.refused(404, "M_NOT_FOUND");
    report(&bob, &room, "$nothing", json!({})).await.refused(404, "M_NOT_FOUND");
    report(&bob, "!nowhere:localhost", &event, json!({})).await.refused(404, "M_NOT_FOUND");
    report(&bob, &room, &event, json!({"reason": 1})).await.refused(400, "M_BAD_JSON");
    report(&bob, &room, "nonsense", json!({})).await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v3/rooms/{}/report/{}", encode(&room), encode(&event));
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
