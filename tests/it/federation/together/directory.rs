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
