//! `GET /_matrix/client/v3/directory/room/{roomAlias}`

use serde_json::json;

use super::{name, path};
use crate::harness::Server;

#[tokio::test]
async fn anybody_finds_the_room() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    name(&alice, "#tea:localhost", &room).await.ok();
    // Names are public, also those of private rooms.
    let found = server.anonymous("GET", &path("#tea:localhost"), None).await.ok();
    assert_eq!(found, json!({"room_id": room, "servers": ["localhost"]}));
    server.anonymous("GET", &path("#nowhere:localhost"), None).await.refused(404, "M_NOT_FOUND");
    server.anonymous("GET", &path("tea"), None).await.refused(400, "M_INVALID_PARAM");
    let server = server.restart().await;
    assert_eq!(alice.on(&server).get(&path("#tea:localhost")).await.ok()["room_id"], *room);
}
