//! Names and avatars where others see them: in rooms.

use serde_json::{Value, json};

use super::{path, set};
use crate::harness::{User, encode, two_in_a_room};

async fn member(reader: &User, room: &str, user: &User) -> Value {
    let path = format!("/rooms/{}/state/m.room.member/{}", encode(room), encode(&user.id));
    reader.get(&path).await.ok()
}

#[tokio::test]
async fn a_change_reaches_every_room() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let other = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&other).await.ok();
    let left = bob.create_room(json!({"preset": "public_chat"})).await;
    bob.post(&format!("/rooms/{}/leave", encode(&left)), json!({})).await.ok();
    let since = alice.now().await;
    set(&bob, "displayname", json!("Robert")).await.ok();
    for room in [&room, &other] {
        let ((content, previous), _) = alice
            .sync_until(Some(&since), |answer| {
                let events = answer["rooms"]["join"][room]["timeline"]["events"].as_array()?;
                let found = events.iter().find(|event| event["state_key"] == *bob.id)?;
                Some((found["content"].clone(), found["unsigned"]["prev_content"].clone()))
            })
            .await;
        assert_eq!((&content["membership"], &content["displayname"]), (&json!("join"), &json!("Robert")));
        assert_eq!(previous["displayname"], "bob");
    }
    set(&bob, "avatar_url", json!("mxc://localhost/bob")).await.ok();
    let shown = member(&alice, &room, &bob).await;
    assert_eq!(shown["avatar_url"], "mxc://localhost/bob");
    assert_eq!(shown["displayname"], "Robert");
    bob.delete(&path(&bob.id, "avatar_url")).await.ok();
    let shown = member(&alice, &other, &bob).await;
    assert!(shown.get("avatar_url").is_none_or(Value::is_null), "{shown}");
    // New rooms show it from the start.
    let new = bob.create_room(json!({})).await;
    assert_eq!(member(&bob, &new, &bob).await["displayname"], "Robert");
    // So does an invite.
    let invite = alice.create_room(json!({"invite": [bob.id]})).await;
    assert_eq!(member(&alice, &invite, &bob).await["displayname"], "Robert");
    drop(server);
}

#[tokio::test]
async fn an_administrators_change_is_the_users_own_event() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let admin = server.register_admin("admin").await;
    let since = alice.now().await;
    admin.put(&path(&bob.id, "displayname"), json!({"displayname": "Robert"})).await.ok();
    let (event, _) = alice
        .sync_until(Some(&since), |answer| {
            let events = answer["rooms"]["join"][&room]["timeline"]["events"].as_array()?;
            events.iter().find(|event| event["type"] == "m.room.member").cloned()
        })
        .await;
    assert_eq!((&event["sender"], &event["state_key"]), (&json!(bob.id), &json!(bob.id)));
    assert_eq!(event["content"]["displayname"], "Robert");
}

#[tokio::test]
async fn what_rooms_do_not_show_makes_no_event() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let since = alice.now().await;
    set(&bob, "m.tz", json!("Europe/London")).await.ok();
    // The same name again is no change.
    set(&bob, "displayname", json!("bob")).await.ok();
    let event = bob.say(&room, "last").await;
    let synced = alice.sync(Some(&since)).await;
    let events = synced["rooms"]["join"][&room]["timeline"]["events"].as_array().unwrap();
    let ids: Vec<&Value> = events.iter().map(|event| &event["event_id"]).collect();
    assert_eq!(ids, [&json!(event)], "{synced}");
}

#[tokio::test]
async fn a_ban_or_a_lack_of_power_in_one_room_does_not_stop_the_others() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let banned = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&banned).await.ok();
    let ban = json!({"user_id": bob.id});
    alice.post(&format!("/rooms/{}/ban", encode(&banned)), ban).await.ok();
    set(&bob, "displayname", json!("Robert")).await.ok();
    assert_eq!(member(&alice, &room, &bob).await["displayname"], "Robert");
    let there = member(&alice, &banned, &bob).await;
    assert_eq!(there["membership"], "ban");
    assert_ne!(there["displayname"], "Robert");
}

#[tokio::test]
async fn rooms_and_the_profile_agree_in_the_end() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let other = alice.create_room(json!({"preset": "public_chat"})).await;
    for round in 0..3 {
        let names: Vec<String> = (0..8).map(|number| format!("Robert {round}.{number}")).collect();
        let changes = names.iter().map(|name| set(&bob, "displayname", json!(name)));
        let joined = bob.join(&other);
        let (answers, joined) =
            futures_util::future::join(futures_util::future::join_all(changes), joined).await;
        answers.into_iter().for_each(|answer| drop(answer.ok()));
        joined.ok();
        let profile = alice.get(&path(&bob.id, "displayname")).await.ok();
        for room in [&room, &other] {
            assert_eq!(member(&alice, room, &bob).await["displayname"], profile["displayname"], "in {room}");
        }
        bob.post(&format!("/rooms/{}/leave", encode(&other)), json!({})).await.ok();
    }
}
