//! `POST /_synapse/admin/v1/room/{roomId}/media/quarantine`

use serde_json::json;

use super::{only_administrators, path, start};
use crate::harness::encode;

#[tokio::test]
async fn only_administrators_withdraw() {
    only_administrators("POST", "room/!x:localhost/media/quarantine").await;
}

#[tokio::test]
async fn the_files_of_a_room_are_withdrawn() {
    let (_server, admin, alice) = start().await;
    let room = alice.create_room(json!({})).await;
    let (sent, other) = (alice.upload("image/png", "sent").await, alice.upload("image/png", "other").await);
    for url in [sent.as_str(), "mxc://elsewhere.example/unknown"] {
        let content = json!({"msgtype": "m.image", "body": "a picture", "url": url});
        alice.send_event(&room, "m.room.message", content).await.ok();
    }
    let withdraw = path(&format!("room/{}/media/quarantine", encode(&room)));
    assert_eq!(admin.post(&withdraw, json!({})).await.ok(), json!({"num_quarantined": 1}));
    alice.fetch(&sent).await.refused(404, "M_NOT_FOUND");
    alice.fetch(&other).await.ok();
    let unknown = path("room/!unknown:localhost/media/quarantine");
    admin.post(&unknown, json!({})).await.refused(404, "M_NOT_FOUND");
}
