//! `PUT /_matrix/client/v1/admin/suspend/{userId}`
//! <https://spec.matrix.org/v1.19/client-server-api/#account-suspension>

use serde_json::{Value, json};

use super::put;
use crate::harness::{encode, shows_event, two_in_a_room};

#[tokio::test]
async fn a_suspended_user_reads_and_does_not_write() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let admin = server.register_admin("admin").await;
    let open = alice.create_room(json!({"preset": "public_chat", "room_alias_name": "tea"})).await;
    let own = bob.create_room(json!({})).await;
    let mine = bob.say(&room, "before").await;
    put(&admin, "suspend", &bob, json!({"suspended": true})).await;

    let in_room = encode(&room);
    let me = encode(&bob.id);
    let text = json!({"msgtype": "m.text", "body": "x"});
    for (method, path, body) in [
        ("PUT", format!("/rooms/{in_room}/send/m.room.message/t1"), text),
        ("PUT", format!("/rooms/{in_room}/state/m.room.topic/"), json!({"topic": "x"})),
        ("POST", "/createRoom".to_owned(), json!({})),
        ("POST", format!("/join/{}", encode(&open)), json!({})),
        ("POST", "/join/%23tea%3Alocalhost".to_owned(), json!({})),
        ("POST", format!("/rooms/{}/join", encode(&open)), json!({})),
        ("POST", format!("/rooms/{}/invite", encode(&own)), json!({"user_id": alice.id})),
        ("POST", format!("/rooms/{}/ban", encode(&own)), json!({"user_id": alice.id})),
        ("POST", format!("/rooms/{}/kick", encode(&own)), json!({"user_id": alice.id})),
        ("POST", format!("/knock/{}", encode(&open)), json!({})),
        ("PUT", format!("/profile/{me}/displayname"), json!({"displayname": "x"})),
        ("PUT", format!("/profile/{me}/avatar_url"), json!({"avatar_url": "mxc://localhost/x"})),
        ("DELETE", format!("/profile/{me}/m.tz"), Value::Null),
    ] {
        bob.call(method, &path, Some(body)).await.refused(403, "M_USER_SUSPENDED");
    }

    let event = alice.say(&room, "can you hear me?").await;
    assert!(shows_event(&bob.sync(None).await, &room, &event));
    bob.get(&format!("/rooms/{in_room}/messages?dir=b")).await.ok();
    bob.get(&format!("/rooms/{in_room}/state")).await.ok();
    bob.post(&format!("/rooms/{in_room}/receipt/m.read/{}", encode(&event)), json!({})).await.ok();
    bob.put(&format!("/user/{me}/account_data/org.example"), json!({})).await.ok();
    assert_eq!(bob.get("/capabilities").await.ok()["capabilities"]["m.profile_fields"]["enabled"], false);
    let again = bob.log_in_again(&server, "PHONE").await;
    again.is_logged_in().await;
    again.post("/createRoom", json!({})).await.refused(403, "M_USER_SUSPENDED");
    // One's own words may be taken back, not others'.
    bob.put(&format!("/rooms/{in_room}/redact/{}/t2", encode(&mine)), json!({})).await.ok();
    let others = bob.put(&format!("/rooms/{in_room}/redact/{}/t3", encode(&event)), json!({})).await;
    assert_eq!(others.status, 403, "{others:?}");
    let body = json!({"new_password": "battery staple"});
    again.call_with_password("POST", "/account/password", body).await.ok();
    again.post(&format!("/rooms/{in_room}/leave"), json!({})).await.ok();
    again.post("/logout", json!({})).await.ok();
}

#[tokio::test]
async fn invites_are_refused_and_the_suspension_ends() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let admin = server.register_admin("admin").await;
    let invited = alice.create_room(json!({"preset": "private_chat", "invite": [bob.id]})).await;
    put(&admin, "suspend", &bob, json!({"suspended": true})).await;
    bob.join(&invited).await.refused(403, "M_USER_SUSPENDED");
    bob.post(&format!("/rooms/{}/leave", encode(&invited)), json!({})).await.ok();
    let server = server.crash_and_restart().await;
    let (admin, bob) = (admin.on(&server), bob.on(&server));
    bob.post("/createRoom", json!({})).await.refused(403, "M_USER_SUSPENDED");
    put(&admin, "suspend", &bob, json!({"suspended": false})).await;
    bob.say(&room, "free again").await;
    // Whoever is suspended may still close the account.
    put(&admin, "suspend", &bob, json!({"suspended": true})).await;
    bob.call_with_password("POST", "/account/deactivate", json!({})).await.ok();
    server.log_in("bob", "bob-password").await.refused(403, "M_USER_DEACTIVATED");
}
