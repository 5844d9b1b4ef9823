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
async fn a_space_at_home_leads_into_rooms_elsewhere() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let [here, there] = [&pair.servers[1].name, &pair.servers[0].name];
    let space = |title: &str| public("12", json!({"name": title, "creation_content": {"type": "m.space"}}));
    let far = alice.create_room(space("Far")).await;
    let inn = alice.create_room(public("12", json!({"name": "Inn", "topic": "Warm"}))).await;
    let restricted =
        json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": far}]});
    let rules = json!({"type": "m.room.join_rules", "state_key": "", "content": restricted});
    let club = alice.create_room(public("12", json!({"name": "Club", "initial_state": [rules]}))).await;
    let private = alice.create_room(json!({"preset": "private_chat", "name": "Private"})).await;
    for (child, order) in [(&inn, "a"), (&club, "b"), (&private, "c")] {
        let content = json!({"via": [there], "order": order, "suggested": *child == inn});
        alice.set_state(&far, "m.space.child", child, content).await.ok();
    }
    let home = bob.create_room(space("Home")).await;
    let dead_end = "!nobody-knows:elsewhere.example";
    for (child, via, order) in [(&far, there, "a"), (&dead_end.to_owned(), there, "b"), (&home, here, "c")] {
        let content = json!({"via": [via], "order": order, "suggested": *child == far});
        bob.set_state(&home, "m.space.child", child, content).await.ok();
    }
    let names = async |query: &str| {
        let path = format!("/_matrix/client/v1/rooms/{}/hierarchy{query}", encode(&home));
        let found = bob.get(&path).await.ok();
        let names =
            found["rooms"].as_array().unwrap().iter().map(|room| room["name"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), found)
    };
    let (found, answer) = names("").await;
    assert_eq!(found, ["Home", "Far", "Inn"], "the club is not for strangers: {answer}");
    assert_eq!(
        (&answer["rooms"][2]["topic"], &answer["rooms"][2]["num_joined_members"]),
        (&json!("Warm"), &json!(1))
    );
    let order: Vec<_> = answer["rooms"][1]["children_state"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["state_key"])
        .collect();
    assert_eq!(order, [&inn, &club, &private]);
    let (found, answer) = names("?limit=2").await;
    assert_eq!(found, ["Home", "Far"]);
    let next = encode(answer["next_batch"].as_str().unwrap());
    assert_eq!(names(&format!("?limit=2&from={next}")).await.0, ["Inn"]);
    assert_eq!(names("?max_depth=1").await.0, ["Home", "Far"]);
    assert_eq!(names("?suggested_only=true").await.0, ["Home", "Far", "Inn"]);
    bob.join_via(&far, there).await.ok();
    assert_eq!(names("").await.0, ["Home", "Far", "Inn", "Club"]);
}

#[tokio::test]
async fn a_room_of_another_server_is_summed_up() {
    let pair = Pair::start().await;
    let (alice, bob, name) = (&pair.alice, &pair.bob, &pair.servers[0].name);
    let options = json!({"name": "Tea", "topic": "Green", "room_alias_name": "tea"});
    let room = alice.create_room(public("12", options)).await;
    let private = alice.create_room(json!({"preset": "private_chat", "name": "Private"})).await;
    let ask = async |room: &str, via: &str| {
        bob.get(&format!("/_matrix/client/v1/room_summary/{}{via}", encode(room))).await
    };
    let via = format!("?via={}", encode(name));
    for (called, via) in [(room.as_str(), via.as_str()), (&format!("#tea:{name}"), "")] {
        let summary = ask(called, via).await.ok();
        assert_eq!(
            (&summary["room_id"], &summary["name"], &summary["topic"]),
            (&json!(room), &json!("Tea"), &json!("Green"))
        );
        assert_eq!(summary["membership"], "leave");
        assert_eq!((&summary["num_joined_members"], &summary["room_version"]), (&json!(1), &json!("12")));
    }
    ask(&private, &via).await.refused(404, "M_NOT_FOUND");
    ask(&format!("#nothing:{name}"), "").await.refused(404, "M_NOT_FOUND");
    // Nobody is asked on behalf of a stranger.
    let path = format!("/_matrix/client/v1/room_summary/{}{via}", encode(&room));
    pair.servers[1].anonymous("GET", &path, None).await.refused(404, "M_NOT_FOUND");
    alice.invite(&private, bob).await.ok();
    bob.sees_invite(&private).await;
    let summary = ask(&private, "").await.ok();
    assert_eq!((&summary["name"], &summary["membership"]), (&json!("Private"), &json!("invite")));
    bob.join(&private).await.ok();
    assert_eq!(ask(&private, "").await.ok()["num_joined_members"], 2);
}
