//! `GET /_synapse/admin/v1/room/{roomId}/media`

use serde_json::json;

use super::{only_administrators, path, start};
use crate::harness::encode;

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", "room/!x:localhost/media").await;
}

#[tokio::test]
async fn what_the_events_of_a_room_speak_of_is_listed() {
    let (_server, admin, alice) = start().await;
    let room = alice.create_room(json!({})).await;
    let of_room = path(&format!("room/{}/media", encode(&room)));
    assert_eq!(admin.get(&of_room).await.ok(), json!({"local": [], "remote": []}));
    for content in [
        json!({"msgtype": "m.image", "body": "a", "url": "mxc://localhost/a", "info": {"thumbnail_url": "mxc://localhost/b"}}),
        json!({"msgtype": "m.file", "body": "c", "file": {"url": "mxc://elsewhere.example/c"}}),
        json!({"msgtype": "m.image", "body": "d", "info": {"thumbnail_file": {"url": "mxc://localhost/d"}}}),
        // Twice, and what is none.
        json!({"msgtype": "m.image", "body": "a", "url": "mxc://localhost/a"}),
        json!({"msgtype": "m.text", "body": "mxc://localhost/e"}),
        json!({"msgtype": "m.image", "body": "mxc://", "url": "https://localhost/f"}),
        json!({"msgtype": "m.image", "body": "mxc://", "url": 7}),
    ] {
        alice.send_event(&room, "m.room.message", content).await.ok();
    }
    let listed = admin.get(&of_room).await.ok();
    let expected = json!({
        "local": ["mxc://localhost/a", "mxc://localhost/b", "mxc://localhost/d"],
        "remote": ["mxc://elsewhere.example/c"],
    });
    assert_eq!(listed, expected);
    admin.get(&path("room/!unknown:localhost/media")).await.refused(404, "M_NOT_FOUND");
}
