//! `PUT /_matrix/client/v3/directory/room/{roomAlias}`

use serde_json::json;

use super::{name, path};
use crate::harness::{Server, two_in_a_room};

#[tokio::test]
async fn members_name_their_room() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    assert_eq!(name(&bob, "#tea:localhost", &room).await.ok(), json!({}));
    name(&alice, "#milk:localhost", &room).await.ok();
    for alias in ["#tea:localhost", "#milk:localhost"] {
        let found = carol.get(&path(alias)).await.ok();
        assert_eq!((&found["room_id"], &found["servers"]), (&json!(room), &json!(["localhost"])));
    }
}

#[tokio::test]
async fn odd_names_are_names_and_others_are_not() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    for alias in ["#tee/kuchen:localhost", "#日本茶:localhost", "#a:localhost", "#%41:localhost"] {
        name(&alice, alias, &room).await.ok();
        assert_eq!(alice.get(&path(alias)).await.ok()["room_id"], *room, "{alias}");
    }
    // Names tell upper and lower case apart.
    alice.get(&path("#A:localhost")).await.refused(404, "M_NOT_FOUND");
    let long = format!("#{}:localhost", "z".repeat(250));
    for alias in ["tea", "#tea", "#:localhost", "#te a:localhost", "#tea:elsewhere.example", long.as_str()] {
        name(&alice, alias, &room).await.refused(400, "M_INVALID_PARAM");
    }
}

#[tokio::test]
async fn a_name_is_given_once() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let elsewhere = carol.create_room(json!({})).await;
    name(&alice, "#tea:localhost", &room).await.ok();
    for (user, to) in [(&alice, &room), (&bob, &room), (&carol, &elsewhere)] {
        name(user, "#tea:localhost", to).await.refused(409, "M_UNKNOWN");
    }
    assert_eq!(carol.get(&path("#tea:localhost")).await.ok()["room_id"], *room);
    let server = server.restart().await;
    name(&alice.on(&server), "#tea:localhost", &room).await.refused(409, "M_UNKNOWN");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let (alice, carol) = (server.register("alice").await, server.register("carol").await);
    let room = alice.create_room(json!({})).await;
    name(&carol, "#tea:localhost", &room).await.refused(403, "M_FORBIDDEN");
    name(&alice, "#tea:localhost", "!nowhere:localhost").await.refused(404, "M_NOT_FOUND");
    for body in [json!({}), json!({"room_id": 1}), json!({"room_id": "nonsense"}), json!([])] {
        alice.put(&path("#tea:localhost"), body).await.refused(400, "M_BAD_JSON");
    }
    let body = Some(json!({"room_id": room}));
    server.anonymous("PUT", &path("#tea:localhost"), body).await.refused(401, "M_MISSING_TOKEN");
    alice.get(&path("#tea:localhost")).await.refused(404, "M_NOT_FOUND");
}
