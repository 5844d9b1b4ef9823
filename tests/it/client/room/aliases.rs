//! `GET /_matrix/client/v3/rooms/{roomId}/aliases`

use serde_json::{Value, json};

use crate::harness::{Answer, User, encode, two_in_a_room};

async fn aliases(user: &User, room: &str) -> Answer {
    user.get(&format!("/rooms/{}/aliases", encode(room))).await
}

fn sorted(answer: &Value) -> Vec<&str> {
    let mut aliases: Vec<&str> =
        answer["aliases"].as_array().unwrap().iter().map(|alias| alias.as_str().unwrap()).collect();
    aliases.sort_unstable();
    aliases
}

#[tokio::test]
async fn members_see_the_names_of_their_room() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    assert_eq!(aliases(&bob, &room).await.ok(), json!({"aliases": []}));
    for name in ["#green:localhost", "#black:localhost"] {
        alice.put(&format!("/directory/room/{}", encode(name)), json!({"room_id": room})).await.ok();
    }
    assert_eq!(sorted(&aliases(&bob, &room).await.ok()), ["#black:localhost", "#green:localhost"]);
    bob.delete("/directory/room/%23green%3Alocalhost").await.refused(403, "M_FORBIDDEN");
    alice.delete("/directory/room/%23green%3Alocalhost").await.ok();
    assert_eq!(sorted(&aliases(&bob, &room).await.ok()), ["#black:localhost"]);

    aliases(&carol, &room).await.refused(403, "M_FORBIDDEN");
    bob.leave(&room).await.ok();
    aliases(&bob, &room).await.refused(403, "M_FORBIDDEN");
    // A room that the whole world may read keeps no secret of its names.
    let visibility = json!({"history_visibility": "world_readable"});
    alice.set_state(&room, "m.room.history_visibility", "", visibility).await.ok();
    assert_eq!(sorted(&aliases(&carol, &room).await.ok()), ["#black:localhost"]);
    aliases(&alice, "!nowhere:localhost").await.refused(403, "M_FORBIDDEN");
    aliases(&alice, "nonsense").await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v3/rooms/{}/aliases", encode(&room));
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
