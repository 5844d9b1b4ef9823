//! `GET /_matrix/client/v3/publicRooms`

use serde_json::json;

use super::{list_room, names};
use crate::harness::{Server, encode};

const PATH: &str = "/_matrix/client/v3/publicRooms";

#[tokio::test]
async fn listed_rooms_are_shown_with_what_they_are() {
    let server = Server::start_with("[rooms]\nrequire_auth_for_directory = false\n").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let empty = server.anonymous("GET", PATH, None).await.ok();
    assert_eq!((&empty["chunk"], &empty["total_room_count_estimate"]), (&json!([]), &json!(0)));
    let options = json!({
        "visibility": "public", "room_alias_name": "tea", "name": "Tea", "topic": "Lumps",
        "creation_content": {"type": "m.space"},
        "initial_state": [
            {"type": "m.room.avatar", "content": {"url": "mxc://localhost/pot"}},
            {"type": "m.room.history_visibility", "content": {"history_visibility": "world_readable"}},
            {"type": "m.room.guest_access", "content": {"guest_access": "can_join"}},
        ],
    });
    let room = alice.create_room(options).await;
    bob.join(&room).await.ok();
    alice.create_room(json!({"preset": "public_chat", "name": "not listed"})).await;
    let page = server.anonymous("GET", PATH, None).await.ok();
    assert_eq!(page["total_room_count_estimate"], 1);
    assert!(page["next_batch"].is_null() && page["prev_batch"].is_null(), "{page}");
    let expected = json!({
        "room_id": room, "canonical_alias": "#tea:localhost", "name": "Tea", "topic": "Lumps",
        "avatar_url": "mxc://localhost/pot", "num_joined_members": 2, "world_readable": true,
        "guest_can_join": true, "room_type": "m.space",
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(page["chunk"][0][key], *value, "{key} of {page}");
    }
    // The list follows the room.
    alice.set_state(&room, "m.room.name", "", json!({"name": "Coffee"})).await.ok();
    bob.leave(&room).await.ok();
    let page = server.anonymous("GET", PATH, None).await.ok();
    assert_eq!((names(&page), &page["chunk"][0]["num_joined_members"]), (vec!["Coffee"], &json!(1)));
    let server = server.restart().await;
    assert_eq!(names(&server.anonymous("GET", PATH, None).await.ok()), ["Coffee"]);
}

#[tokio::test]
async fn every_room_is_on_one_page_whichever_way_one_turns() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let guests = [server.register("bob").await, server.register("carol").await];
    for (index, name) in ["one", "two", "three", "four", "five"].into_iter().enumerate() {
        let room = list_room(&alice, name).await;
        for guest in guests.iter().take(index) {
            guest.join(&room).await.ok();
        }
    }
    let whole = alice.get(PATH).await.ok();
    let all = names(&whole);
    assert_eq!(all.len(), 5);
    // The most members first.
    assert!(all[..3].iter().all(|name| ["three", "four", "five"].contains(name)), "{all:?}");
    assert_eq!(all[3..], ["two", "one"]);
    let (mut forward, mut since, mut last) = (Vec::new(), String::new(), json!(null));
    for _ in 0..3 {
        let page = alice.get(&format!("{PATH}?limit=2{since}")).await.ok();
        assert_eq!(page["total_room_count_estimate"], 5);
        forward.extend(names(&page).into_iter().map(str::to_owned));
        since = format!("&since={}", encode(page["next_batch"].as_str().unwrap_or_default()));
        last = page;
    }
    assert_eq!(forward, all);
    assert!(last["next_batch"].is_null(), "{last}");
    let before = last["prev_batch"].as_str().unwrap();
    let back = alice.get(&format!("{PATH}?limit=2&since={}", encode(before))).await.ok();
    assert_eq!(names(&back), all[2..4]);
    alice.get(&format!("{PATH}?since=nonsense")).await.refused(400, "M_INVALID_PARAM");
    alice.get(&format!("{PATH}?limit=all")).await.refused(400, "M_INVALID_PARAM");
    // Unless the operator says otherwise, the list is for those who have an account.
    server.anonymous("GET", PATH, None).await.refused(401, "M_MISSING_TOKEN");
}
