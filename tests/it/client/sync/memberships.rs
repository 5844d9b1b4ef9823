//! `invite`, `knock` and `leave`: rooms the user is not in.

use serde_json::{Value, json};

use super::{filtered, is_quiet, joined, next};
use crate::harness::{Server, bodies, find_state, state_content, two_in_a_room};

fn with_left() -> Value {
    json!({"room": {"include_leave": true, "timeline": {"limit": 50}}})
}

#[tokio::test]
async fn an_invite_is_told_once_and_until_it_is_answered() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let since = bob.now().await;
    let room = alice.create_room(json!({"name": "Tea", "invite": [bob.id], "is_direct": true})).await;
    let answer = bob.sync(Some(&since)).await;
    let state = &answer["rooms"]["invite"][&room]["invite_state"]["events"];
    assert_eq!(state_content(state, "m.room.name", "")["name"], "Tea");
    let invite = state_content(state, "m.room.member", &bob.id);
    assert_eq!((&invite["membership"], &invite["is_direct"]), (&json!("invite"), &json!(true)));
    assert!(answer["rooms"]["join"].is_null(), "{answer}");
    // Nothing that happens in the room is told to those who are not in it.
    alice.say(&room, "private").await;
    let quiet = bob.sync(Some(next(&answer))).await;
    assert!(is_quiet(&quiet), "{quiet}");
    assert!(bob.sync(None).await["rooms"]["invite"][&room].is_object());
    bob.join(&room).await.ok();
    let answer = bob.sync(Some(next(&quiet))).await;
    assert!(answer["rooms"]["invite"].is_null(), "{answer}");
    assert!(bodies(&joined(&answer, &room)["timeline"]["events"]).contains(&"private"));
    assert!(find_state(&joined(&answer, &room)["timeline"]["events"], "m.room.member", &bob.id).is_some());
}

#[tokio::test]
async fn a_withdrawn_invite_is_over() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"invite": [bob.id]})).await;
    let since = bob.now().await;
    alice.kick(&room, &bob).await.ok();
    let answer = bob.sync(Some(&since)).await;
    let left = &answer["rooms"]["leave"][&room];
    let kick = find_state(&left["timeline"]["events"], "m.room.member", &bob.id);
    assert_eq!(kick.unwrap_or_else(|| panic!("{answer}"))["content"]["membership"], "leave");
    // Who never was in it learns nothing else of it.
    assert_eq!(left["state"]["events"], json!([]));
    assert!(is_quiet(&bob.sync(None).await));
}

#[tokio::test]
async fn leaving_ends_the_room_where_one_left() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let since = bob.now().await;
    alice.say(&room, "last words").await;
    bob.leave(&room).await.ok();
    alice.say(&room, "behind his back").await;
    alice.set_state(&room, "m.room.topic", "", json!({"topic": "him"})).await.ok();
    let answer = bob.sync(Some(&since)).await;
    let left = &answer["rooms"]["leave"][&room];
    assert_eq!(bodies(&left["timeline"]["events"]), ["last words"]);
    assert!(find_state(&left["timeline"]["events"], "m.room.member", &bob.id).is_some());
    assert!(
        !answer.to_string().contains("behind his back") && !answer.to_string().contains("him"),
        "{answer}"
    );
    // It is news once.
    alice.say(&room, "and again").await;
    assert!(is_quiet(&bob.sync(Some(next(&answer))).await));
    assert!(is_quiet(&bob.sync(None).await));
    // Who asks for rooms of old gets it whenever he starts anew.
    let old = filtered(&bob, &with_left(), None).await;
    let left = &old["rooms"]["leave"][&room];
    assert_eq!(bodies(&left["timeline"]["events"]), ["last words"]);
    assert!(!old.to_string().contains("behind his back"), "{old}");
    assert!(
        left["timeline"]["events"].as_array().unwrap().iter().any(|event| event["type"] == "m.room.create")
    );
}

#[tokio::test]
async fn kicks_and_bans_are_told_like_leaving() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let since = bob.now().await;
    alice.ban(&room, &bob).await.ok();
    let answer = bob.sync(Some(&since)).await;
    let left = &answer["rooms"]["leave"][&room];
    let ban = find_state(&left["timeline"]["events"], "m.room.member", &bob.id).unwrap();
    assert_eq!((&ban["content"]["membership"], &ban["sender"]), (&json!("ban"), &json!(alice.id)));
    alice.unban(&room, &bob).await.ok();
    let answer = bob.sync(Some(next(&answer))).await;
    assert!(answer["rooms"]["join"].is_null() && answer["rooms"]["invite"].is_null(), "{answer}");
    assert!(filtered(&bob, &with_left(), None).await["rooms"]["leave"][&room].is_object());
}

#[tokio::test]
async fn coming_and_going_between_two_answers_is_told_as_it_ended() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let since = bob.now().await;
    bob.leave(&room).await.ok();
    alice.say(&room, "while he was away").await;
    alice.invite(&room, &bob).await.ok();
    bob.join(&room).await.ok();
    alice.say(&room, "welcome back").await;
    let answer = bob.sync(Some(&since)).await;
    assert!(answer["rooms"]["leave"].is_null() && answer["rooms"]["invite"].is_null(), "{answer}");
    assert!(bodies(&joined(&answer, &room)["timeline"]["events"]).contains(&"welcome back"));
    let since = next(&answer).to_owned();
    bob.leave(&room).await.ok();
    alice.invite(&room, &bob).await.ok();
    let answer = bob.sync(Some(&since)).await;
    assert!(answer["rooms"]["invite"][&room].is_object() && answer["rooms"]["join"].is_null(), "{answer}");
    // A room created, joined and left in between.
    let since = bob.now().await;
    let brief = bob.create_room(json!({})).await;
    bob.say(&brief, "brief").await;
    bob.leave(&brief).await.ok();
    let answer = bob.sync(Some(&since)).await;
    assert!(answer["rooms"]["join"].is_null(), "{answer}");
    assert!(bodies(&answer["rooms"]["leave"][&brief]["timeline"]["events"]).contains(&"brief"), "{answer}");
}
