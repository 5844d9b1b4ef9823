//! `GET /_synapse/admin/v1/fetch_event/{eventId}`

use super::start;
use crate::harness::encode;

fn path(event: &str) -> String {
    format!("/_synapse/admin/v1/fetch_event/{}", encode(event))
}

#[tokio::test]
async fn an_event_is_found_wherever_it_is() {
    let (server, admin, alice, room) = start().await;
    let event = alice.say(&room, "hello").await;
    let found = admin.get(&path(&event)).await.ok();
    assert_eq!(found["event"]["content"]["body"], "hello", "{found}");
    assert_eq!(
        (&found["event"]["room_id"], &found["event"]["sender"]),
        (&room.into(), &alice.id.as_str().into())
    );
    alice.get(&path(&event)).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", &path(&event), None).await.refused(401, "M_MISSING_TOKEN");
    admin.get(&path("$unknown")).await.refused(404, "M_NOT_FOUND");
    admin.get(&path("unknown")).await.refused(400, "M_INVALID_PARAM");
}
