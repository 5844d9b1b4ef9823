//! `POST /_matrix/client/v3/rooms/{roomId}/report`

use serde_json::{Value, json};

use crate::harness::{Answer, User, encode, two_in_a_room};

async fn report(user: &User, room: &str, body: Value) -> Answer {
    user.post(&format!("/rooms/{}/report", encode(room)), body).await
}

#[tokio::test]
async fn rooms_are_reported_also_by_those_outside() {
    let (server, _alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    for user in [&bob, &carol] {
        assert_eq!(report(user, &room, json!({"reason": "milk first"})).await.ok(), json!({}));
    }
    // A report without a reason is better than none.
    for body in [json!({"reason": ""}), json!({})] {
        report(&bob, &room, body).await.ok();
    }
    report(&bob, "!nowhere:localhost", json!({"reason": "x"})).await.refused(404, "M_NOT_FOUND");
    report(&bob, &room, json!({"reason": {}})).await.refused(400, "M_BAD_JSON");
    report(&bob, "nonsense", json!({"reason": "x"})).await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v3/rooms/{}/report", encode(&room));
    server.anonymous("POST", &path, Some(json!({"reason": "x"}))).await.refused(401, "M_MISSING_TOKEN");
}
