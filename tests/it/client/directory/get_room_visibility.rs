//! `GET /_matrix/client/v3/directory/list/room/{roomId}`

use serde_json::json;

use super::{list_room, visibility_path};
use crate::harness::Server;

#[tokio::test]
async fn anybody_may_ask_whether_a_room_is_listed() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let listed = list_room(&alice, "Tea").await;
    let private = alice.create_room(json!({"preset": "public_chat"})).await;
    let ask = async |room: &str| server.anonymous("GET", &visibility_path(room), None).await;
    assert_eq!(ask(&listed).await.ok(), json!({"visibility": "public"}));
    assert_eq!(ask(&private).await.ok(), json!({"visibility": "private"}));
    ask("!nowhere:localhost").await.refused(404, "M_NOT_FOUND");
    ask("nonsense").await.refused(400, "M_INVALID_PARAM");
}
