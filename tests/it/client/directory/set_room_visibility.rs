//! `PUT /_matrix/client/v3/directory/list/room/{roomId}`

use serde_json::json;

use super::{list_room, names, set_visibility, visibility_path};
use crate::harness::{Server, two_in_a_room};

#[tokio::test]
async fn the_powerful_publish_their_room() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    alice.set_state(&room, "m.room.name", "", json!({"name": "Tea"})).await.ok();
    // The list does not show what nobody could enter or read.
    assert_eq!(set_visibility(&alice, &room, "public").await.ok(), json!({}));
    assert_eq!(names(&carol.get("/publicRooms").await.ok()), [""; 0]);
    set_visibility(&alice, &room, "private").await.ok();
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "knock"})).await.ok();
    let listed = async || carol.get("/publicRooms").await.ok();
    for user in [&bob, &carol] {
        set_visibility(user, &room, "public").await.refused(403, "M_FORBIDDEN");
    }
    set_visibility(&alice, &room, "public").await.ok();
    set_visibility(&alice, &room, "public").await.ok();
    assert_eq!(names(&listed().await), ["Tea"]);
    set_visibility(&bob, &room, "private").await.refused(403, "M_FORBIDDEN");
    set_visibility(&alice, &room, "private").await.ok();
    assert_eq!(names(&listed().await), [""; 0]);
    // No word at all means public.
    alice.put(&visibility_path(&room), json!({})).await.ok();
    assert_eq!(names(&listed().await), ["Tea"]);
    set_visibility(&alice, "!nowhere:localhost", "public").await.refused(404, "M_NOT_FOUND");
    alice.put(&visibility_path(&room), json!({"visibility": 1})).await.refused(400, "M_BAD_JSON");
    let body = Some(json!({"visibility": "private"}));
    server.anonymous("PUT", &visibility_path(&room), body).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn the_operator_may_keep_the_list_short() {
    let rules = "[[rooms.directory_publication]]\nuser = \"@alice:*\"\naction = \"allow\"\n";
    let server = Server::start_with(rules).await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    list_room(&alice, "Tea").await;
    bob.post("/createRoom", json!({"visibility": "public"})).await.refused(403, "M_FORBIDDEN");
    let room = bob.create_room(json!({})).await;
    set_visibility(&bob, &room, "public").await.refused(403, "M_FORBIDDEN");
    set_visibility(&bob, &room, "private").await.ok();
    assert_eq!(names(&alice.get("/publicRooms").await.ok()), ["Tea"]);
}
