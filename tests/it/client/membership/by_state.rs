//! Memberships that are set as state events: the same rules as through their own endpoints.

use serde_json::json;

use super::two_and_a_stranger;
use crate::harness::User;

async fn set(user: &User, room: &str, target: &User, membership: &str) -> crate::harness::Answer {
    user.set_state(room, "m.room.member", &target.id, json!({"membership": membership})).await
}

#[tokio::test]
async fn each_membership_can_be_set() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    set(&carol, &room, &carol, "join").await.refused(403, "M_FORBIDDEN");
    set(&bob, &room, &carol, "invite").await.ok();
    assert!(carol.sync(None).await["rooms"]["invite"][&room].is_object());
    set(&carol, &room, &carol, "join").await.ok();
    carol.say(&room, "in").await;
    set(&bob, &room, &carol, "leave").await.refused(403, "M_FORBIDDEN");
    set(&bob, &room, &carol, "ban").await.refused(403, "M_FORBIDDEN");
    set(&alice, &room, &carol, "leave").await.ok();
    set(&alice, &room, &carol, "ban").await.ok();
    set(&carol, &room, &carol, "leave").await.refused(403, "M_FORBIDDEN");
    set(&alice, &room, &carol, "leave").await.ok();
    set(&bob, &room, &bob, "leave").await.ok();
    assert_eq!(bob.get("/joined_rooms").await.ok()["joined_rooms"], json!([]));
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "knock"})).await.ok();
    set(&carol, &room, &carol, "knock").await.ok();
    assert_eq!(alice.membership_of(&room, &carol).await, "knock");
}

#[tokio::test]
async fn nobody_acts_for_another() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "public"})).await.ok();
    set(&alice, &room, &carol, "join").await.refused(403, "M_FORBIDDEN");
    set(&carol, &room, &bob, "join").await.refused(403, "M_FORBIDDEN");
    set(&alice, &room, &carol, "knock").await.refused(403, "M_FORBIDDEN");
    let forged = json!({"membership": "join", "join_authorised_via_users_server": alice.id});
    alice
        .set_state(&room, "m.room.join_rules", "", json!({"join_rule": "restricted", "allow": []}))
        .await
        .ok();
    carol.set_state(&room, "m.room.member", &carol.id, forged).await.refused(403, "M_FORBIDDEN");
    let name = json!({"membership": "join", "displayname": "Roberta"});
    alice.set_state(&room, "m.room.member", &bob.id, name.clone()).await.refused(403, "M_FORBIDDEN");
    bob.set_state(&room, "m.room.member", &bob.id, name).await.ok();
    let content = alice.state(&room, "m.room.member", &bob.id).await.ok();
    assert_eq!(content["displayname"], "Roberta");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (_server, [alice, bob, _], room) = two_and_a_stranger().await;
    for content in [json!({}), json!({"membership": 1}), json!({"membership": "guest"})] {
        let answer = alice.set_state(&room, "m.room.member", &bob.id, content).await;
        answer.is_sound();
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    let answer = alice
        .put(&format!("/rooms/{room}/state/m.room.member/nobody"), json!({"membership": "invite"}))
        .await;
    answer.is_sound();
    assert!(answer.status == 400 || answer.status == 403, "{answer:?}");
}
