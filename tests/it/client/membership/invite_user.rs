//! `POST /_matrix/client/v3/rooms/{roomId}/invite`

use serde_json::json;

use super::{bad_targets, member_event, two_and_a_stranger};
use crate::harness::{encode, find_state, state_content};

#[tokio::test]
async fn the_invited_hear_of_it_and_come() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    carol.put(&format!("/profile/{}/displayname", carol.id), json!({"displayname": "Carol"})).await.ok();
    let since = carol.now().await;
    let body = json!({"user_id": carol.id, "reason": "tea is ready"});
    assert_eq!(bob.post(&format!("/rooms/{}/invite", encode(&room)), body).await.ok(), json!({}));
    let invite = member_event(&alice, &room, &carol).await;
    let expected = json!({"membership": "invite", "displayname": "Carol", "reason": "tea is ready"});
    assert_eq!((&invite["content"], &invite["sender"]), (&expected, &json!(bob.id)));
    for answer in [carol.sync(Some(&since)).await, carol.sync(None).await] {
        let state = &answer["rooms"]["invite"][&room]["invite_state"]["events"];
        assert_eq!(*state_content(state, "m.room.member", &carol.id), expected);
        assert_eq!(find_state(state, "m.room.member", &carol.id).unwrap()["sender"], *bob.id);
        assert!(find_state(state, "m.room.create", "").is_some());
    }
    // Inviting again is no mistake.
    alice.invite(&room, &carol).await.ok();
    carol.join(&room).await.ok();
    carol.say(&room, "hello").await;
    let gone = alice.sync(None).await;
    assert_eq!(gone["rooms"]["join"][&room]["summary"]["m.joined_member_count"], 3);
}

#[tokio::test]
async fn not_everybody_may_invite_and_not_everybody_may_be_invited() {
    let (server, [alice, bob, carol], room) = two_and_a_stranger().await;
    let dave = server.register("dave").await;
    carol.invite(&room, &dave).await.refused(403, "M_FORBIDDEN");
    alice.invite(&room, &bob).await.refused(403, "M_FORBIDDEN");
    alice.invite(&room, &alice).await.refused(403, "M_FORBIDDEN");
    alice.ban(&room, &dave).await.ok();
    alice.invite(&room, &dave).await.refused(403, "M_FORBIDDEN");
    // The invited are not in the room yet.
    alice.invite(&room, &carol).await.ok();
    carol.invite(&room, &server.register("erin").await).await.refused(403, "M_FORBIDDEN");
    alice.set_levels(&room, json!({"invite": 30})).await.ok();
    let frank = server.register("frank").await;
    bob.invite(&room, &frank).await.refused(403, "M_FORBIDDEN");
    alice.set_levels(&room, json!({"users": {bob.id.clone(): 30}})).await.ok();
    bob.invite(&room, &frank).await.ok();
    bob.leave(&room).await.ok();
    bob.invite(&room, &server.register("grace").await).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn some_do_not_want_to_be_invited() {
    let (server, [alice, _, carol], room) = two_and_a_stranger().await;
    let permission = format!("/user/{}/account_data/m.invite_permission_config", carol.id);
    carol.put(&permission, json!({"default_action": "block"})).await.ok();
    alice.invite(&room, &carol).await.refused(403, "M_INVITE_BLOCKED");
    let options = json!({"invite": [carol.id]});
    alice.post("/createRoom", options).await.refused(403, "M_INVITE_BLOCKED");
    carol.put(&permission, json!({})).await.ok();
    alice.invite(&room, &carol).await.ok();
    // Whoever is ignored invites in vain.
    let dave = server.register("dave").await;
    let ignored = format!("/user/{}/account_data/m.ignored_user_list", dave.id);
    dave.put(&ignored, json!({"ignored_users": {alice.id.clone(): {}}})).await.ok();
    let since = dave.now().await;
    alice.invite(&room, &dave).await.ok();
    assert!(dave.sync(Some(&since)).await["rooms"]["invite"].is_null());
    assert!(dave.sync(None).await["rooms"]["invite"].is_null());
}

#[tokio::test]
async fn invites_are_filtered_by_who_sends_them() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    let set = async |kind: &str, content: serde_json::Value| {
        let path = format!("/user/{}/account_data/{kind}", carol.id);
        carol.put(&path, content).await.ok();
    };
    let unstable = "org.matrix.msc4155.invite_permission_config";
    set(unstable, json!({"blocked_users": ["@a*:localhost"]})).await;
    alice.invite(&room, &carol).await.refused(403, "M_INVITE_BLOCKED");
    bob.invite(&room, &carol).await.ok();
    assert!(carol.sync(None).await["rooms"]["invite"][&room].is_object());
    carol.leave(&room).await.ok();
    // Whoever is ignored is not told so, and nothing is shown.
    set(unstable, json!({"ignored_servers": ["localhost"], "allowed_users": [bob.id]})).await;
    let since = carol.now().await;
    alice.invite(&room, &carol).await.ok();
    for answer in [carol.sync(Some(&since)).await, carol.sync(None).await] {
        assert!(answer["rooms"]["invite"].is_null(), "{answer}");
    }
    assert_eq!(bob.membership_of(&room, &carol).await, "invite");
    set(unstable, json!({})).await;
    assert!(carol.sync(None).await["rooms"]["invite"][&room].is_object());
    carol.leave(&room).await.ok();
    set("org.matrix.msc4380.invite_permission_config", json!({"block_all": true})).await;
    bob.invite(&room, &carol).await.refused(403, "M_INVITE_BLOCKED");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, [alice, _, carol], room) = two_and_a_stranger().await;
    let path = format!("/rooms/{}/invite", encode(&room));
    for body in bad_targets() {
        let answer = alice.post(&path, body).await;
        answer.is_sound();
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    alice.post(&path, json!({"user_id": carol.id, "reason": 1})).await.refused(400, "M_BAD_JSON");
    alice.invite("!nowhere:localhost", &carol).await.refused(403, "M_FORBIDDEN");
    let by_address = json!({"id_server": "127.0.0.9:1", "id_access_token": "x", "medium": "email", "address": "a@b.example"});
    alice.post(&path, by_address).await.refused(502, "M_UNKNOWN");
    server
        .anonymous("POST", &format!("/_matrix/client/v3{path}"), Some(json!({"user_id": carol.id})))
        .await
        .refused(401, "M_MISSING_TOKEN");
    alice.state(&room, "m.room.member", &carol.id).await.refused(404, "M_NOT_FOUND");
}
