//! `GET /_matrix/client/v1/rooms/{roomId}/hierarchy`

use serde_json::{Value, json};

use crate::harness::{Answer, Server, User, encode};

async fn ask(user: &User, space: &str, query: &str) -> Answer {
    user.get(&format!("/_matrix/client/v1/rooms/{}/hierarchy?{query}", encode(space))).await
}

fn names(page: &Value) -> Vec<&str> {
    let rooms = page["rooms"].as_array().unwrap_or_else(|| panic!("no rooms in {page}"));
    rooms.iter().map(|room| room["name"].as_str().unwrap_or_default()).collect()
}

async fn space(user: &User, name: &str) -> String {
    user.create_room(json!({"preset": "public_chat", "name": name, "creation_content": {"type": "m.space"}}))
        .await
}

async fn put_into(user: &User, space: &str, child: &str, content: Value) {
    user.set_state(space, "m.space.child", child, content).await.ok();
}

fn via(order: &str) -> Value {
    json!({"via": ["localhost"], "order": order})
}

/// A space `top` with a room `public`, a space `sub`, and a private room; `sub` holds `deep` and again `top`.
struct Scene {
    server: Server,
    alice: User,
    bob: User,
    top: String,
    sub: String,
    private: String,
}

impl Scene {
    async fn start() -> Self {
        let server = Server::start().await;
        let (alice, bob) = (server.register("alice").await, server.register("bob").await);
        let (top, sub) = (space(&alice, "top").await, space(&alice, "sub").await);
        let public = alice.create_room(json!({"preset": "public_chat", "name": "public"})).await;
        let deep = alice.create_room(json!({"preset": "public_chat", "name": "deep"})).await;
        let private = alice.create_room(json!({"preset": "private_chat", "name": "private"})).await;
        let mut suggested = via("a");
        suggested["suggested"] = json!(true);
        put_into(&alice, &top, &sub, via("b")).await;
        put_into(&alice, &top, &public, suggested).await;
        put_into(&alice, &top, &private, via("c")).await;
        put_into(&alice, &top, "!elsewhere:elsewhere.example", via("d")).await;
        put_into(&alice, &top, "nonsense", via("e")).await;
        put_into(&alice, &sub, &deep, via("a")).await;
        put_into(&alice, &sub, &top, via("b")).await;
        Self { server, alice, bob, top, sub, private }
    }
}

#[tokio::test]
async fn the_tree_is_walked_depth_first() {
    let scene = Scene::start().await;
    let (alice, bob, top) = (&scene.alice, &scene.bob, &scene.top);
    let page = ask(alice, top, "").await.ok();
    assert_eq!(names(&page), ["top", "public", "sub", "deep", "private"]);
    assert!(page["next_batch"].is_null(), "{page}");
    let first = &page["rooms"][0];
    assert_eq!((&first["room_id"], &first["room_type"]), (&json!(top), &json!("m.space")));
    assert_eq!(first["num_joined_members"], 1);
    // No word about the rule means that the room is open.
    assert!(first["join_rule"].is_null() || first["join_rule"] == "public");
    let children = first["children_state"].as_array().unwrap();
    let sub = children.iter().find(|child| child["state_key"] == *scene.sub).unwrap();
    assert_eq!(
        (&sub["content"], &sub["sender"], &sub["type"]),
        (&via("b"), &json!(alice.id), &json!("m.space.child"))
    );
    assert!(sub["origin_server_ts"].is_u64(), "{sub}");
    assert_eq!(page["rooms"][1]["children_state"], json!([]));
    // What one may not know of is not there.
    assert_eq!(names(&ask(bob, top, "").await.ok()), ["top", "public", "sub", "deep"]);
    alice.invite(&scene.private, bob).await.ok();
    assert_eq!(names(&ask(bob, top, "").await.ok()), ["top", "public", "sub", "deep", "private"]);
    assert_eq!(names(&ask(bob, top, "max_depth=0").await.ok()), ["top"]);
    assert_eq!(names(&ask(bob, top, "max_depth=1").await.ok()), ["top", "public", "sub", "private"]);
    assert_eq!(names(&ask(bob, top, "suggested_only=true").await.ok()), ["top", "public"]);
    // A room that is taken out of its space is gone from it.
    put_into(alice, top, &scene.sub, json!({})).await;
    assert_eq!(names(&ask(bob, top, "").await.ok()), ["top", "public", "private"]);
    let plain = alice.create_room(json!({"preset": "public_chat", "name": "plain"})).await;
    assert_eq!(names(&ask(bob, &plain, "").await.ok()), ["plain"]);
}

#[tokio::test]
async fn pages_hold_each_room_once() {
    let scene = Scene::start().await;
    for limit in 1..=4 {
        let (mut found, mut from) = (Vec::new(), String::new());
        for _ in 0..6 {
            let page = ask(&scene.alice, &scene.top, &format!("limit={limit}{from}")).await.ok();
            assert!(names(&page).len() <= limit, "{page}");
            found.extend(names(&page).into_iter().map(str::to_owned));
            match page["next_batch"].as_str() {
                Some(next) => from = format!("&from={}", encode(next)),
                None => break,
            }
        }
        assert_eq!(found, ["top", "public", "sub", "deep", "private"], "by {limit}");
    }
    // What is asked for stays the same from page to page.
    let page = ask(&scene.alice, &scene.top, "limit=1&max_depth=1").await.ok();
    let from = encode(page["next_batch"].as_str().unwrap());
    let on = format!("limit=1&max_depth=1&from={from}");
    assert_eq!(names(&ask(&scene.alice, &scene.top, &on).await.ok()), ["public"]);
    for changed in ["max_depth=2", "max_depth=1&suggested_only=true"] {
        let on = format!("limit=1&{changed}&from={from}");
        ask(&scene.alice, &scene.top, &on).await.refused(400, "M_INVALID_PARAM");
    }
}

#[tokio::test]
async fn children_stand_in_their_order() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let top = space(&alice, "top").await;
    let long = "z".repeat(51);
    // Those with a valid order come first, by it; then the others, as they were added.
    let orders = [
        ("plain one", json!(null)),
        ("tilde", json!("~")),
        ("too long", json!(long)),
        ("letter", json!("m")),
        ("not text", json!(5)),
        ("digit", json!("0")),
        ("beyond ascii", json!("é")),
    ];
    for (name, order) in orders {
        let room = alice.create_room(json!({"preset": "public_chat", "name": name})).await;
        put_into(&alice, &top, &room, json!({"via": ["localhost"], "order": order})).await;
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    let page = ask(&alice, &top, "").await.ok();
    let expected = ["top", "digit", "letter", "tilde", "plain one", "too long", "not text", "beyond ascii"];
    assert_eq!(names(&page), expected);
}

#[tokio::test]
async fn restricted_rooms_are_shown_to_those_who_could_enter() {
    let scene = Scene::start().await;
    let rule =
        json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": scene.top}]});
    let state = json!([{"type": "m.room.join_rules", "content": rule}]);
    let options = json!({"name": "restricted", "initial_state": state});
    let room = scene.alice.create_room(options).await;
    put_into(&scene.alice, &scene.top, &room, via("0")).await;
    assert!(!names(&ask(&scene.bob, &scene.top, "").await.ok()).contains(&"restricted"));
    scene.bob.join(&scene.top).await.ok();
    let page = ask(&scene.bob, &scene.top, "").await.ok();
    assert_eq!(names(&page)[..2], ["top", "restricted"]);
    let shown = &page["rooms"][1];
    assert_eq!(
        (&shown["join_rule"], &shown["allowed_room_ids"]),
        (&json!("restricted"), &json!([scene.top]))
    );
    scene.bob.join(&room).await.ok();
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let scene = Scene::start().await;
    ask(&scene.bob, &scene.private, "").await.refused(403, "M_FORBIDDEN");
    ask(&scene.bob, "!nowhere:localhost", "").await.refused(403, "M_FORBIDDEN");
    for query in ["from=nonsense", "limit=many", "max_depth=-1", "suggested_only=perhaps"] {
        ask(&scene.bob, &scene.top, query).await.refused(400, "M_INVALID_PARAM");
    }
    ask(&scene.bob, "nonsense", "").await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v1/rooms/{}/hierarchy", encode(&scene.top));
    scene.server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
