//! `GET /_matrix/federation/v1/hierarchy/{roomId}`

use serde_json::{Value, json};

use crate::{
    federation::shared::{Shared, checks_signature},
    harness::{Peer, encode, start_federating},
};

async fn space_with(shared: &Shared, preset: &str, children: &[(&str, bool)]) -> String {
    let options = json!({"preset": preset, "name": "Space", "creation_content": {"type": "m.space"}});
    let space = shared.alice.create_room(options).await;
    for (child, suggested) in children {
        let content = json!({"via": [shared.server.name], "suggested": suggested});
        shared.alice.set_state(&space, "m.space.child", child, content).await.ok();
    }
    space
}

fn ids(rooms: &Value) -> Vec<&str> {
    rooms.as_array().unwrap().iter().map(|room| room["room_id"].as_str().unwrap_or_default()).collect()
}

#[tokio::test]
async fn a_space_comes_with_what_is_right_below_it_needs_joining() {
    let shared = Shared::start().await;
    let open = shared.alice.create_room(json!({"preset": "public_chat", "name": "Open"})).await;
    let closed = shared.alice.create_room(json!({"preset": "private_chat"})).await;
    let unknown = "!unknown:elsewhere.example";
    let children = [(open.as_str(), true), (&closed, false), (unknown, false), (&shared.room, false)];
    let space = space_with(&shared, "public_chat", &children).await;
    let path = format!("/_matrix/federation/v1/hierarchy/{}", encode(&space));
    let answer = shared.get(&path).await.ok();
    assert_eq!(answer["room"]["room_id"], space.as_str());
    assert_eq!(answer["room"]["room_type"], "m.space");
    assert_eq!(answer["room"]["children_state"].as_array().unwrap().len(), 4);
    let mut found = ids(&answer["children"]);
    found.sort_unstable();
    let mut expected = [open.as_str(), shared.room.as_str()];
    expected.sort_unstable();
    assert_eq!(found, expected);
    // What this server does not know it says nothing about.
    assert_eq!(answer["inaccessible_children"], json!([closed]));
    let child =
        answer["children"].as_array().unwrap().iter().find(|room| room["room_id"] == open.as_str()).unwrap();
    assert_eq!((&child["name"], &child["room_version"]), (&json!("Open"), &json!("12")));
    // A rule that is not named is "public".
    assert_eq!(child["join_rule"].as_str().unwrap_or("public"), "public");
    let suggested = shared.get(&format!("{path}?suggested_only=true")).await.ok();
    assert_eq!(ids(&suggested["children"]), [open.as_str()]);
    checks_signature(&shared.server, &shared.peer, "GET", &path, None).await;
}

#[tokio::test]
async fn who_could_not_come_in_does_not_learn_of_a_room_needs_joining() {
    let shared = Shared::start().await;
    let hierarchy = async |room: &str, peer: &crate::harness::Peer| {
        peer.get(&shared.server, &format!("/_matrix/federation/v1/hierarchy/{}", encode(room))).await
    };
    hierarchy("!unknown:elsewhere.example", &shared.peer).await.refused(404, "M_NOT_FOUND");
    let closed = space_with(&shared, "private_chat", &[]).await;
    hierarchy(&closed, &shared.peer).await.refused(404, "M_NOT_FOUND");
    // Members of another room may come into a restricted one; the stranger has none there.
    let rule =
        json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": shared.room}]});
    shared.alice.set_state(&closed, "m.room.join_rules", "", rule).await.ok();
    let answer = hierarchy(&closed, &shared.peer).await.ok();
    assert_eq!(answer["room"]["allowed_room_ids"], json!([shared.room]));
    hierarchy(&closed, &shared.stranger).await.refused(404, "M_NOT_FOUND");
    let acl = json!({"allow": ["*"], "deny": ["127.0.0.7"]});
    shared.alice.set_state(&closed, "m.room.server_acl", "", acl).await.ok();
    hierarchy(&closed, &shared.peer).await.refused(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn an_open_space_is_told_to_any_server_and_a_closed_one_is_not() {
    let (server, stranger) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.8"));
    let alice = server.register("alice").await;
    let space = |preset: &str| json!({"preset": preset, "creation_content": {"type": "m.space"}});
    let (open, closed) =
        (alice.create_room(space("public_chat")).await, alice.create_room(space("private_chat")).await);
    let content = json!({"via": [server.name]});
    alice.set_state(&open, "m.space.child", &closed, content).await.ok();
    let path = |room: &str| format!("/_matrix/federation/v1/hierarchy/{}", encode(room));
    let answer = stranger.get(&server, &path(&open)).await.ok();
    assert_eq!((&answer["room"]["room_id"], &answer["children"]), (&json!(open), &json!([])));
    assert_eq!(answer["inaccessible_children"], json!([closed]));
    stranger.get(&server, &path(&closed)).await.refused(404, "M_NOT_FOUND");
    checks_signature(&server, &stranger, "GET", &path(&open), None).await;
}
