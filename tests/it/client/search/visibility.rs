//! What may be found: only what one may see.

use serde_json::json;

use super::{found, search, texts};
use crate::harness::{Server, encode, two_in_a_room};

#[tokio::test]
async fn strangers_find_nothing() {
    let (server, alice, _bob, room) = two_in_a_room().await;
    alice.say(&room, "a secret").await;
    let carol = server.register("carol").await;
    assert_eq!(found(&carol, "secret").await, [""; 0]);
    let answer = search(&carol, json!({"search_term": "secret", "filter": {"rooms": [room]}})).await;
    assert_eq!(answer["count"], 0);
    // An invite opens nothing yet.
    alice.invite(&room, &carol).await.ok();
    assert_eq!(found(&carol, "secret").await, [""; 0]);
    carol.join(&room).await.ok();
    assert_eq!(found(&carol, "secret").await, ["a secret"]);
}

#[tokio::test]
async fn history_is_as_visible_as_elsewhere() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let visibility =
        json!([{"type": "m.room.history_visibility", "content": {"history_visibility": "joined"}}]);
    let room = alice.create_room(json!({"preset": "public_chat", "initial_state": visibility})).await;
    alice.say(&room, "story before").await;
    bob.join(&room).await.ok();
    alice.say(&room, "story during").await;
    bob.leave(&room).await.ok();
    alice.say(&room, "story after").await;
    assert_eq!(found(&alice, "story").await, ["story after", "story during", "story before"]);
    let answer = search(&bob, json!({"search_term": "story"})).await;
    assert_eq!(texts(&answer), ["story during"]);
    assert_eq!(answer["count"], 1);
    bob.forget(&room).await.ok();
    assert_eq!(found(&bob, "story").await, [""; 0]);
}

#[tokio::test]
async fn ignored_users_are_not_found() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    bob.say(&room, "nonsense by bob").await;
    alice.say(&room, "nonsense by alice").await;
    let ignored = json!({"ignored_users": {&bob.id: {}}});
    let path = format!("/user/{}/account_data/m.ignored_user_list", encode(&alice.id));
    alice.put(&path, ignored).await.ok();
    assert_eq!(found(&alice, "nonsense").await, ["nonsense by alice"]);
}

#[tokio::test]
async fn what_was_redacted_is_gone() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = bob.say(&room, "regrettable").await;
    assert_eq!(found(&alice, "regrettable").await, ["regrettable"]);
    bob.redact(&room, &event, "t", json!({})).await.ok();
    assert_eq!(found(&alice, "regrettable").await, [""; 0]);
}

#[tokio::test]
async fn edits_take_the_place_of_what_they_edit() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = bob.say(&room, "the original wording").await;
    bob.relate(&room, "m.replace", &event, "the better phrase").await;
    assert_eq!(found(&alice, "original").await, [""; 0]);
    let answer = search(&alice, json!({"search_term": "better"})).await;
    assert_eq!(answer["count"], 1);
    let result = &answer["results"][0]["result"];
    assert_eq!(result["event_id"], *event);
    let edit = &result["unsigned"]["m.relations"]["m.replace"];
    assert_eq!(edit["content"]["m.new_content"]["body"], "the better phrase");
    let again = bob.relate(&room, "m.replace", &event, "the final sentence").await;
    assert_eq!(found(&alice, "better").await, [""; 0]);
    assert_eq!(found(&alice, "final").await.len(), 1);
    // Without its newest edit the message reads as before that.
    bob.redact(&room, &again, "t", json!({})).await.ok();
    assert_eq!(found(&alice, "final").await, [""; 0]);
    assert_eq!(found(&alice, "better").await.len(), 1);
    // Nobody edits what others said.
    alice.relate(&room, "m.replace", &event, "the forged sentence").await;
    assert_eq!(found(&alice, "forged").await, [""; 0]);
    assert_eq!(found(&alice, "better").await.len(), 1);
}

#[tokio::test]
async fn what_erased_users_said_is_gone() {
    let (server, alice, bob, room) = two_in_a_room().await;
    bob.say(&room, "forget me").await;
    assert_eq!(found(&alice, "forget").await, ["forget me"]);
    let (done, output) = server.command(&["user", "deactivate", "bob", "--erase"]);
    assert!(done, "{output}");
    crate::harness::eventually("the erased message leaves the index", async || {
        let found = found(&alice, "forget").await;
        if found.is_empty() { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
}

#[tokio::test]
async fn the_room_before_an_upgrade_is_searched_along() {
    let (_server, alice, bob, old) = two_in_a_room().await;
    bob.say(&old, "heirloom in the old room").await;
    let path = format!("/rooms/{}/upgrade", encode(&old));
    let answer = alice.post(&path, json!({"new_version": "11"})).await.ok();
    let new = answer["replacement_room"].as_str().unwrap();
    alice.say(new, "heirloom in the new room").await;
    let within = async |room: &str| {
        let filter = json!({"rooms": [room]});
        texts(
            &search(&alice, json!({"search_term": "heirloom", "order_by": "recent", "filter": filter})).await,
        )
    };
    assert_eq!(within(new).await, ["heirloom in the new room", "heirloom in the old room"]);
    assert_eq!(within(&old).await, ["heirloom in the old room"]);
}
