//! `DELETE /_matrix/client/v3/directory/room/{roomAlias}`

use serde_json::json;

use super::{name, path};
use crate::harness::{Server, two_in_a_room};

#[tokio::test]
async fn its_maker_and_the_powerful_take_a_name_away() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    for alias in ["#one:localhost", "#two:localhost"] {
        name(&bob, alias, &room).await.ok();
        carol.delete(&path(alias)).await.refused(403, "M_FORBIDDEN");
    }
    assert_eq!(bob.delete(&path("#one:localhost")).await.ok(), json!({}));
    assert_eq!(alice.delete(&path("#two:localhost")).await.ok(), json!({}));
    for alias in ["#one:localhost", "#two:localhost"] {
        carol.get(&path(alias)).await.refused(404, "M_NOT_FOUND");
        alice.delete(&path(alias)).await.refused(404, "M_NOT_FOUND");
    }
    name(&alice, "#three:localhost", &room).await.ok();
    bob.delete(&path("#three:localhost")).await.refused(403, "M_FORBIDDEN");
    // Whoever may say what the room's name is may also take one away.
    alice.set_levels(&room, json!({"users": {bob.id.clone(): 50}})).await.ok();
    bob.delete(&path("#three:localhost")).await.ok();
    // What is free again can be given again.
    let elsewhere = carol.create_room(json!({})).await;
    name(&carol, "#three:localhost", &elsewhere).await.ok();
    server.anonymous("DELETE", &path("#three:localhost"), None).await.refused(401, "M_MISSING_TOKEN");
    alice.delete(&path("nonsense")).await.refused(400, "M_INVALID_PARAM");
}

#[tokio::test]
async fn the_room_no_longer_says_that_it_has_the_name() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"room_alias_name": "tea"})).await;
    name(&alice, "#milk:localhost", &room).await.ok();
    name(&alice, "#lump:localhost", &room).await.ok();
    let both = json!({"alias": "#tea:localhost", "alt_aliases": ["#milk:localhost", "#lump:localhost"]});
    alice.set_state(&room, "m.room.canonical_alias", "", both).await.ok();
    alice.delete(&path("#milk:localhost")).await.ok();
    let named = alice.state(&room, "m.room.canonical_alias", "").await.ok();
    assert_eq!(named, json!({"alias": "#tea:localhost", "alt_aliases": ["#lump:localhost"]}));
    alice.delete(&path("#tea:localhost")).await.ok();
    let named = alice.state(&room, "m.room.canonical_alias", "").await.ok();
    assert_eq!(named, json!({"alt_aliases": ["#lump:localhost"]}));
}
