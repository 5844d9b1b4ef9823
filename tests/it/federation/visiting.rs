//! Users of one Kith come into rooms of another: joined, invited, let in, turned away, and back again.

use serde_json::json;

use crate::harness::{Server, User, agree, encode, network};

/// Two servers, and somebody on each.
async fn two() -> ([Server; 2], User, User) {
    let servers = network::<2>().await;
    let (alice, bob) = tokio::join!(servers[0].register("alice"), servers[1].register("bob"));
    (servers, alice, bob)
}

/// Checks that a user's server knows the room as the other one does: its name, and who is in it.
async fn knows(user: &User, room: &str, members: &[&User]) {
    let state = user.room_state(room).await;
    assert!(state.contains_key(&("m.room.create".to_owned(), String::new())), "{state:?}");
    let joined = user.get(&format!("/rooms/{}/joined_members", encode(room))).await.ok();
    let mut found: Vec<_> = joined["joined"].as_object().unwrap().keys().map(String::as_str).collect();
    found.sort_unstable();
    let mut expected: Vec<_> = members.iter().map(|member| member.id.as_str()).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn rooms_of_every_version_are_joined_by_id_and_alias() {
    let (_servers, alice, bob) = two().await;
    for version in ["1", "3", "6", "9", "10", "11", "12"] {
        let name = format!("room{version}");
        let options = json!({
            "preset": "public_chat", "room_version": version, "room_alias_name": name, "name": name,
        });
        let room = alice.create_room(options).await;
        match version {
            "3" | "10" => {
                let alias = format!("#{name}:{}", alice.server_name());
                bob.join(&alias).await.ok();
            }
            _ => {
                bob.join_via(&room, alice.server_name()).await.ok();
            }
        }
        knows(&bob, &room, &[&alice, &bob]).await;
        alice.sees_membership(&room, &bob, "join").await;
        // What was said and set is there to be read, and the room can be used.
        let state = bob.get(&format!("/rooms/{}/state/m.room.name", encode(&room))).await.ok();
        assert_eq!(state["name"], name, "version {version}");
        bob.say(&room, "hello").await;
    }
}

#[tokio::test]
async fn an_invite_is_shown_accepted_and_declined() {
    let (_servers, alice, bob) = two().await;
    let room = alice.create_room(json!({"preset": "private_chat", "name": "Den", "invite": [bob.id]})).await;
    let face = bob.sees_invite(&room).await;
    assert!(face.as_array().unwrap().iter().any(|event| event["content"]["name"] == "Den"), "{face}");
    bob.join(&room).await.ok();
    knows(&bob, &room, &[&alice, &bob]).await;

    let other = alice.create_room(json!({"preset": "private_chat"})).await;
    alice.invite(&other, &bob).await.ok();
    bob.sees_invite(&other).await;
    bob.post(&format!("/rooms/{}/leave", encode(&other)), json!({})).await.ok();
    alice.sees_membership(&other, &bob, "leave").await;
    assert!(bob.sync(None).await["rooms"]["invite"][&other].is_null());
    // Without an invite nobody says where the room is; where somebody does, the room says no.
    bob.join(&other).await.refused(404, "M_NOT_FOUND");
    bob.join_via(&other, alice.server_name()).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn whoever_left_comes_back() {
    let (_servers, alice, bob) = two().await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join_via(&room, alice.server_name()).await.ok();
    bob.post(&format!("/rooms/{}/leave", encode(&room)), json!({})).await.ok();
    // What happens meanwhile is not heard over there.
    alice.set_state(&room, "m.room.topic", "", json!({"topic": "tea"})).await.ok();
    bob.join_via(&room, alice.server_name()).await.ok();
    knows(&bob, &room, &[&alice, &bob]).await;
    let topic = bob.get(&format!("/rooms/{}/state/m.room.topic", encode(&room))).await.ok();
    assert_eq!(topic["topic"], "tea");
}

#[tokio::test]
async fn members_of_the_right_room_are_let_in_and_others_are_not() {
    let (_servers, alice, bob) = two().await;
    let club = alice.create_room(json!({"preset": "public_chat"})).await;
    let rule = json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": club}]});
    let inner = alice
        .create_room(
            json!({"initial_state": [{"type": "m.room.join_rules", "state_key": "", "content": rule}]}),
        )
        .await;
    bob.join_via(&inner, alice.server_name()).await.refused(403, "M_FORBIDDEN");
    bob.join_via(&club, alice.server_name()).await.ok();
    bob.join_via(&inner, alice.server_name()).await.ok();
    knows(&bob, &inner, &[&alice, &bob]).await;
}

#[tokio::test]
async fn a_knock_is_heard_and_answered() {
    let (_servers, alice, bob) = two().await;
    let room = alice.create_room(json!({"preset": "private_chat", "name": "Den"})).await;
    let knock = format!("/knock/{}?via={}", encode(&room), alice.server_name());
    bob.post(&knock, json!({})).await.refused(403, "M_FORBIDDEN");
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "knock"})).await.ok();
    bob.post(&knock, json!({"reason": "me"})).await.ok();
    alice.sees_membership(&room, &bob, "knock").await;
    let shown = bob.sync(None).await;
    assert!(shown["rooms"]["knock"][&room].is_object(), "{shown}");
    alice.invite(&room, &bob).await.ok();
    bob.accepts_invite(&room).await;
    knows(&bob, &room, &[&alice, &bob]).await;
}

#[tokio::test]
async fn rooms_that_nobody_knows_are_not_joined() {
    let ([_first, second], alice, bob) = two().await;
    bob.join_via("!nowhere:example.org", alice.server_name()).await.refused(404, "M_NOT_FOUND");
    let private = alice.create_room(json!({"preset": "private_chat"})).await;
    bob.join_via(&private, alice.server_name()).await.refused(403, "M_FORBIDDEN");
    bob.join_via("!nowhere:example.org", "127.0.0.1:1").await.refused(502, "M_UNKNOWN");
    second.anonymous("GET", "/_kith/health", None).await.ok();
}

#[tokio::test]
async fn what_was_said_before_is_read_page_by_page() {
    let (_servers, alice, bob) = two().await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let said: Vec<String> = (0..120).map(|number| format!("message {number}")).collect();
    for text in &said {
        alice.say(&room, text).await;
    }
    bob.join_via(&room, alice.server_name()).await.ok();
    assert_eq!(bob.texts(&room).await, said);
    agree(&[&alice, &bob], &room).await;
}
