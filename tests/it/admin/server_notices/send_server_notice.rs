//! `POST /_synapse/admin/v1/send_server_notice`

use serde_json::json;

use super::{PATH, invited_to, notice, start};
use crate::harness::{Server, bodies, encode, state_content};

#[tokio::test]
async fn a_user_is_told_in_a_room_of_their_own() {
    let (server, admin, alice) = start("").await;
    let event = admin.post(PATH, notice(&alice.id, "one")).await.event_id();
    let room = invited_to(&alice).await;
    let tags = format!("/user/{}/rooms/{}/tags", encode(&alice.id), encode(&room));
    assert_eq!(alice.get(&tags).await.ok(), json!({"tags": {"m.server_notice": {}}}));
    // The invite cannot be declined, whichever way.
    let leave = format!("/rooms/{}/leave", encode(&room));
    alice.post(&leave, json!({})).await.refused(403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM");
    let by_state = alice.set_state(&room, "m.room.member", &alice.id, json!({"membership": "leave"})).await;
    by_state.refused(403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM");
    alice.join(&room).await.ok();
    admin.post(PATH, notice(&alice.id, "two")).await.event_id();
    let answer = alice.sync(None).await;
    let events = &answer["rooms"]["join"][&room]["timeline"]["events"];
    assert_eq!(bodies(events).into_iter().rev().take(2).collect::<Vec<_>>(), ["two", "one"], "{answer}");
    let state = alice.get(&format!("/rooms/{}/state", encode(&room))).await.ok();
    assert_eq!(state_content(&state, "m.room.name", "")["name"], "News");
    assert_eq!(state_content(&state, "m.room.topic", "")["topic"], "What is new");
    let sender = format!("@notices:{}", server.name);
    assert_eq!(state_content(&state, "m.room.member", &sender)["displayname"], "The operators");
    let told = alice.get(&format!("/rooms/{}/event/{}", encode(&room), encode(&event))).await.ok();
    assert_eq!((&told["sender"], &told["type"]), (&json!(sender), &json!("m.room.message")));
    // Nobody answers there.
    let answering =
        alice.send_event(&room, "m.room.message", json!({"msgtype": "m.text", "body": "hm"})).await;
    answering.refused(403, "M_FORBIDDEN");
    // Whoever has left is told in another room.
    alice.post(&leave, json!({})).await.ok();
    admin.post(PATH, notice(&alice.id, "three")).await.event_id();
    assert_ne!(invited_to(&alice).await, room);
}

#[tokio::test]
async fn nobody_else_gets_what_one_is_told() {
    let (server, admin, alice) = start("").await;
    let bob = server.register("bob").await;
    admin.post(PATH, notice(&alice.id, "one")).await.event_id();
    admin.post(PATH, notice(&bob.id, "two")).await.event_id();
    assert_ne!(invited_to(&alice).await, invited_to(&bob).await);
}

#[tokio::test]
async fn other_events_can_be_sent() {
    let (_server, admin, alice) = start("auto_join = true\n").await;
    let mut pinned = notice(&alice.id, "unused");
    pinned["type"] = "m.room.pinned_events".into();
    pinned["state_key"] = "".into();
    pinned["content"] = json!({"pinned": ["$event"]});
    admin.post(PATH, pinned).await.event_id();
    // The operator has people join at once.
    let answer = alice.sync(None).await;
    let room = answer["rooms"]["join"].as_object().unwrap().keys().next().unwrap().clone();
    let state = alice.get(&format!("/rooms/{}/state", encode(&room))).await.ok();
    assert_eq!(state_content(&state, "m.room.pinned_events", ""), &json!({"pinned": ["$event"]}));
}

#[tokio::test]
async fn the_rooms_are_not_encrypted_and_their_name_follows_the_configuration() {
    let (_server, admin, alice) = start("auto_join = true\n[rooms]\nencryption_by_default = \"all\"\n").await;
    admin.post(PATH, notice(&alice.id, "one")).await.event_id();
    let answer = alice.sync(None).await;
    let room = answer["rooms"]["join"].as_object().unwrap().keys().next().unwrap().clone();
    let state = alice.get(&format!("/rooms/{}/state", encode(&room))).await.ok();
    assert!(crate::harness::find_state(&state, "m.room.encryption", "").is_none(), "{state}");
}

#[tokio::test]
async fn only_administrators_tell() {
    let (server, admin, alice) = start("").await;
    alice.post(PATH, notice(&alice.id, "one")).await.refused(403, "M_FORBIDDEN");
    server.anonymous("POST", PATH, Some(notice(&alice.id, "one"))).await.refused(401, "M_MISSING_TOKEN");
    admin.post(PATH, notice(&format!("@nobody:{}", server.name), "one")).await.refused(404, "M_NOT_FOUND");
    admin.post(PATH, notice("@alice:elsewhere.example", "one")).await.refused(400, "M_UNKNOWN");
    admin.post(PATH, json!({"user_id": alice.id, "content": "text"})).await.refused(400, "M_BAD_JSON");
    admin.post(PATH, json!({"user_id": alice.id})).await.refused(400, "M_BAD_JSON");
    // Nobody gets hold of the name.
    let wish =
        json!({"username": "notices", "password": "a long password", "auth": {"type": "m.login.dummy"}});
    let taken = server.anonymous("POST", "/_matrix/client/v3/register", Some(wish)).await;
    taken.refused(400, "M_EXCLUSIVE");
}

#[tokio::test]
async fn without_a_sender_there_are_none() {
    let server = Server::start().await;
    let admin = server.register_admin("admin").await;
    admin.post(PATH, notice(&admin.id, "one")).await.refused(400, "M_UNKNOWN");
}
