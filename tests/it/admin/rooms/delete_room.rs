//! `DELETE /_synapse/admin/v2/rooms/{roomId}`

use serde_json::{Value, json};

use super::{only_administrators, start};
use crate::harness::{User, bodies, encode, eventually};

pub(super) fn path(room: &str) -> String {
    format!("/_synapse/admin/v2/rooms/{}", encode(room))
}

/// Deletes a room and waits until that is done. Answers what became of it.
pub(super) async fn delete(admin: &User, room: &str, body: Value) -> Value {
    let id = admin.call("DELETE", &path(room), Some(body)).await.ok()["delete_id"].take();
    let of_id = format!("/_synapse/admin/v2/rooms/delete_status/{}", id.as_str().unwrap());
    eventually("the deletion", async || {
        let status = admin.get(&of_id).await.ok();
        if status["status"] == "complete" { Ok(status) } else { Err(status.to_string()) }
    })
    .await
}

#[tokio::test]
async fn only_administrators_delete_rooms() {
    only_administrators("DELETE", path, Some(json!({}))).await;
}

#[tokio::test]
async fn everybody_here_is_out_and_nobody_gets_in_again() {
    let (server, admin, alice, _room) = start().await;
    let options = json!({"preset": "public_chat", "visibility": "public", "room_alias_name": "tea"});
    let room = alice.create_room(options).await;
    let (bob, carol) = (server.register("bob").await, server.register("carol").await);
    bob.join(&room).await.ok();
    alice.invite(&room, &carol).await.ok();
    let status = delete(&admin, &room, json!({"block": true, "purge": true})).await;
    let done = &status["shutdown_room"];
    let mut kicked: Vec<&str> =
        done["kicked_users"].as_array().unwrap().iter().map(|u| u.as_str().unwrap()).collect();
    kicked.sort_unstable();
    assert_eq!(kicked, [&alice.id, &bob.id, &carol.id]);
    assert_eq!(done["local_aliases"], json!(["#tea:localhost"]));
    assert_eq!((&done["failed_to_kick_users"], &done["new_room_id"]), (&json!([]), &Value::Null));
    for user in [&alice, &bob, &carol] {
        let seen = user.sync(None).await;
        let everywhere = seen["rooms"].to_string();
        assert!(!everywhere.contains(&format!("{room:?}:")), "{everywhere}");
    }
    bob.join(&room).await.refused(403, "M_FORBIDDEN");
    alice.get("/directory/room/%23tea%3Alocalhost").await.refused(404, "M_NOT_FOUND");
    let listed = alice.get("/publicRooms").await.ok();
    assert_eq!(listed["chunk"], json!([]), "{listed}");
}

#[tokio::test]
async fn those_who_were_in_it_are_told_why() {
    let (server, admin, alice, _room) = start().await;
    let room = alice.create_room(json!({"preset": "public_chat", "room_alias_name": "tea"})).await;
    let bob = server.register("bob").await;
    bob.join(&room).await.ok();
    let wish = json!({"new_room_user_id": admin.id, "room_name": "Closed", "message": "No more tea"});
    let status = delete(&admin, &room, wish).await;
    let new_room = status["shutdown_room"]["new_room_id"].as_str().unwrap().to_owned();
    let found = alice.get("/directory/room/%23tea%3Alocalhost").await.ok();
    assert_eq!(found["room_id"], *new_room);
    for user in [&alice, &bob] {
        let answer = user.sync(None).await;
        let timeline = &answer["rooms"]["join"][&new_room]["timeline"]["events"];
        assert_eq!(bodies(timeline), ["No more tea"], "{answer}");
        let message = json!({"msgtype": "m.text", "body": "why"});
        user.send_event(&new_room, "m.room.message", message).await.refused(403, "M_FORBIDDEN");
    }
    let unknown = json!({"new_room_user_id": "@nobody:localhost"});
    admin.call("DELETE", &path(&new_room), Some(unknown)).await.refused(400, "M_UNKNOWN");
    let bad = json!({"block": "yes"});
    admin.call("DELETE", &path(&new_room), Some(bad)).await.refused(400, "M_BAD_JSON");
}
