//! `GET /_synapse/admin/v1/rooms`

use serde_json::{Value, json};

use super::start;

const PATH: &str = "/_synapse/admin/v1/rooms";

fn names(listed: &Value) -> Vec<&str> {
    let rooms = listed["rooms"].as_array().unwrap_or_else(|| panic!("no rooms in {listed}"));
    rooms.iter().map(|room| room["name"].as_str().unwrap_or("-")).collect()
}

#[tokio::test]
async fn only_administrators_ask() {
    let (server, _admin, alice, _room) = start().await;
    alice.get(PATH).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", PATH, None).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn rooms_are_found_and_come_in_order() {
    let (_server, admin, alice, tea) = start().await;
    let options = json!({"name": "Cake", "preset": "public_chat", "visibility": "public",
        "room_alias_name": "bakery"});
    let cake = admin.create_room(options).await;
    alice.join(&cake).await.ok();
    alice.create_room(json!({"creation_content": {"m.federate": false}})).await;
    let list = async |query: &str| admin.get(&format!("{PATH}?{query}")).await.ok();
    let all = list("").await;
    assert_eq!(names(&all), ["Cake", "Tea", "-"], "{all}");
    assert_eq!((&all["total_rooms"], &all["offset"]), (&json!(3), &json!(0)));
    let cake = &all["rooms"][0];
    for (field, value) in [
        ("canonical_alias", json!("#bakery:localhost")),
        ("joined_members", json!(2)),
        ("joined_local_members", json!(2)),
        ("creator", json!(admin.id)),
        ("public", json!(true)),
        ("federatable", json!(true)),
        ("join_rules", json!("public")),
        ("guest_access", json!("forbidden")),
        ("history_visibility", json!("shared")),
        ("encryption", Value::Null),
        ("room_type", Value::Null),
    ] {
        assert_eq!(cake[field], value, "{field}");
    }
    assert_eq!(all["rooms"][2]["federatable"], false);
    assert_eq!(names(&list("dir=b").await), ["-", "Tea", "Cake"]);
    assert_eq!(names(&list("order_by=joined_members").await)[0], "Cake");
    assert_eq!(names(&list("search_term=TE").await), ["Tea"]);
    assert_eq!(names(&list("search_term=bakery").await), ["Cake"]);
    assert_eq!(names(&list(&format!("search_term={}", crate::harness::encode(&tea))).await), ["Tea"]);
    assert_eq!(names(&list("public_rooms=true").await), ["Cake"]);
    assert_eq!(names(&list("empty_rooms=true").await), [""; 0]);
    let middle = list("limit=1&from=1").await;
    assert_eq!(names(&middle), ["Tea"]);
    assert_eq!((&middle["next_batch"], &middle["prev_batch"]), (&json!(2), &json!(0)));
    assert_eq!(list("from=2").await["next_batch"], Value::Null);
    for bad in ["order_by=colour", "limit=many", "public_rooms=perhaps"] {
        admin.get(&format!("{PATH}?{bad}")).await.refused(400, "M_INVALID_PARAM");
    }
}
