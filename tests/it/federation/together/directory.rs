//! What one asks another server without being in the room in question.

use serde_json::json;

use super::{Pair, public};
use crate::harness::encode;

#[tokio::test]
async fn aliases_of_another_server_are_looked_up() {
    let pair = Pair::start().await;
    let name = &pair.servers[0].name;
    let room = pair.alice.create_room(public("12", json!({"room_alias_name": "tea"}))).await;
    let found = pair.bob.get(&format!("/directory/room/{}", encode(&format!("#tea:{name}")))).await.ok();
    assert_eq!(found["room_id"], *room);
    assert!(found["servers"].as_array().unwrap().contains(&json!(name)), "{found}");
    let nothing = format!("/directory/room/{}", encode(&format!("#nothing:{name}")));
    pair.bob.get(&nothing).await.refused(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn public_rooms_of_another_server_are_listed() {
    let pair = Pair::start().await;
    let name = &pair.servers[0].name;
    for title in ["Tea", "Coffee"] {
        let options = json!({"name": title, "visibility": "public"});
        pair.alice.create_room(public("12", options)).await;
    }
    pair.alice.create_room(public("12", json!({"name": "Not listed"}))).await;
    let path = format!("/publicRooms?server={}", encode(name));
    let all = pair.bob.get(&path).await.ok();
    assert_eq!(all["chunk"].as_array().unwrap().len(), 2, "{all}");
    let filter = json!({"filter": {"generic_search_term": "coff"}});
    let found = pair.bob.post(&path, filter).await.ok();
    assert_eq!(found["chunk"][0]["name"], "Coffee", "{found}");
    assert_eq!(found["chunk"].as_array().unwrap().len(), 1, "{found}");
    let room = found["chunk"][0]["room_id"].as_str().unwrap();
    pair.bob.join_via(room, name).await.ok();
    let page = pair.bob.get(&format!("{path}&limit=1")).await.ok();
    let next = page["next_batch"].as_str().unwrap();
    let rest = pair.bob.get(&format!("{path}&limit=1&since={}", encode(next))).await.ok();
    assert_ne!(page["chunk"][0]["room_id"], rest["chunk"][0]["room_id"]);
}

#[tokio::test]
async fn a_space_of_another_server_shows_what_is_below_it() {
    let pair = Pair::start().await;
    let name = &pair.servers[0].name;
    let space = |title: &str| public("12", json!({"name": title, "creation_content": {"type": "m.space"}}));
    let top = pair.alice.create_room(space("Estate")).await;
    let shed = pair.alice.create_room(space("Shed")).await;
    let tools = pair.alice.create_room(public("12", json!({"name": "Tools"}))).await;
    let garden = pair.alice.create_room(public("12", json!({"name": "Garden"}))).await;
    let cellar = pair.alice.create_room(json!({"preset": "private_chat", "name": "Cellar"})).await;
    for (parent, child, order) in
        [(&top, &shed, "a"), (&top, &cellar, "b"), (&top, &garden, "c"), (&shed, &tools, "a")]
    {
        let content = json!({"via": [name], "order": order});
        pair.alice.set_state(parent, "m.space.child", child, content).await.ok();
    }
    pair.bob.join_via(&top, name).await.ok();
    let path = format!("/_matrix/client/v1/rooms/{}/hierarchy", encode(&top));
    let found = pair.bob.get(&path).await.ok();
    let names: Vec<_> = found["rooms"].as_array().unwrap().iter().map(|room| room["name"].clone()).collect();
    assert_eq!(names, ["Estate", "Shed", "Tools", "Garden"], "{found}");
}

#[tokio::test]
async fn what_is_below_a_space_is_shown_to_whoever_may_know_of_it() {
    let pair = Pair::start().await;
    let name = &pair.servers[0].name;
    let carol = pair.servers[1].register("carol").await;
    let club = pair.alice.create_room(public("12", json!({"name": "Club"}))).await;
    let rule = json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": club}]});
    let rule = json!([{"type": "m.room.join_rules", "state_key": "", "content": rule}]);
    let inner = pair.alice.create_room(json!({"name": "Inner", "initial_state": rule})).await;
    let secret = pair.alice.create_room(json!({"preset": "private_chat", "name": "Secret"})).await;
    let space = json!({"name": "Top", "creation_content": {"type": "m.space"}});
    let top = pair.alice.create_room(public("12", space)).await;
    for (child, order) in [(&inner, "a"), (&secret, "b"), (&club, "c")] {
        let content = json!({"via": ["127.0.0.1:1", name], "order": order, "suggested": *child == club});
        pair.alice.set_state(&top, "m.space.child", child, content).await.ok();
    }
    for user in [&pair.bob, &carol] {
        user.join_via(&top, name).await.ok();
    }
    pair.bob.join_via(&club, name).await.ok();
    pair.alice.invite(&secret, &carol).await.ok();
    carol.sees_invite(&secret).await;
    let below = async |user: &crate::harness::User, query: &str| {
        let path = format!("/_matrix/client/v1/rooms/{}/hierarchy?{query}", encode(&top));
        let found = user.get(&path).await.ok();
        let rooms = found["rooms"].as_array().unwrap().clone();
        let names = rooms.iter().map(|room| room["name"].as_str().unwrap_or_default().to_owned());
        (names.collect::<Vec<_>>(), found["next_batch"].clone())
    };
    assert_eq!(below(&pair.bob, "").await.0, ["Top", "Inner", "Club"]);
    assert_eq!(below(&carol, "").await.0, ["Top", "Secret", "Club"]);
    assert_eq!(below(&carol, "suggested_only=true").await.0, ["Top", "Club"]);
    let (first, next) = below(&pair.bob, "limit=2").await;
    let (rest, end) = below(&pair.bob, &format!("limit=2&from={}", next.as_str().unwrap())).await;
    assert_eq!((first, rest, end), (vec!["Top".into(), "Inner".into()], vec!["Club".into()], json!(null)));
}

#[tokio::test]
async fn a_room_of_another_server_is_summed_up_before_one_joins_it() {
    let pair = Pair::start().await;
    let name = &pair.servers[0].name;
    let options = json!({"name": "Tea", "topic": "Lumps", "room_alias_name": "tea"});
    let room = pair.alice.create_room(public("12", options)).await;
    let secret = pair.alice.create_room(json!({"preset": "private_chat", "room_alias_name": "secret"})).await;
    let path = |room: &str| format!("/_matrix/client/v1/room_summary/{}", encode(room));
    let alias = format!("#tea:{name}");
    for asked in [path(&alias), format!("{}?via={}", path(&room), encode(name))] {
        let found = pair.bob.get(&asked).await.ok();
        assert_eq!(
            (&found["room_id"], &found["name"], &found["topic"], &found["membership"]),
            (&json!(room), &json!("Tea"), &json!("Lumps"), &json!("leave")),
            "{found}"
        );
    }
    // Nobody is told of a private room, or of where it is not; and strangers do not have this server ask.
    let nowhere = format!("{}?via={}", path("!nowhere:elsewhere.example"), encode(name));
    let private = format!("{}?via={}", path(&secret), encode(name));
    for asked in [path(&room), private, path(&format!("#secret:{name}")), nowhere] {
        pair.bob.get(&asked).await.refused(404, "M_NOT_FOUND");
    }
    pair.servers[1].anonymous("GET", &path(&alias), None).await.refused(404, "M_NOT_FOUND");
    pair.bob.join(&alias).await.ok();
    let found = pair.bob.get(&path(&alias)).await.ok();
    assert_eq!((&found["membership"], &found["num_joined_members"]), (&json!("join"), &json!(2)), "{found}");
}
