//! `PUT /_synapse/admin/v2/users/{userId}`

use serde_json::{Value, json};

use super::v2;
use crate::harness::{Server, User, encode, state_content};

async fn start() -> (Server, User, User) {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    (server, admin, alice)
}

#[tokio::test]
async fn a_user_is_made_with_all_that_is_said() {
    let (server, admin, _alice) = start().await;
    let wish = json!({
        "password": "a good password", "displayname": "Robert", "avatar_url": "mxc://localhost/face",
        "threepids": [{"medium": "email", "address": "Bob@example.org"}], "admin": true, "user_type": "support",
    });
    let answer = admin.put(&v2("@bob:localhost"), wish).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let user = answer.body;
    for (field, value) in [
        ("name", json!("@bob:localhost")),
        ("displayname", json!("Robert")),
        ("avatar_url", json!("mxc://localhost/face")),
        ("admin", json!(true)),
        ("user_type", json!("support")),
    ] {
        assert_eq!(user[field], value, "{field}");
    }
    assert_eq!(user["threepids"][0]["address"], "bob@example.org", "{user}");
    let login = json!({"type": "m.login.password", "password": "a good password",
        "identifier": {"type": "m.id.thirdparty", "medium": "email", "address": "bob@example.org"}});
    let login = server.anonymous("POST", "/_matrix/client/v3/login", Some(login)).await.ok();
    assert_eq!(login["user_id"], "@bob:localhost");
}

#[tokio::test]
async fn what_is_not_said_stays() {
    let (_server, admin, alice) = start().await;
    let room = alice.create_room(json!({})).await;
    let put = async |wish: Value| {
        let answer = admin.put(&v2(&alice.id), wish).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    put(json!({"user_type": "bot", "threepids": [{"medium": "email", "address": "a@example.org"}]})).await;
    let user = put(json!({"displayname": "Alicia"})).await;
    assert_eq!((&user["user_type"], &user["displayname"]), (&json!("bot"), &json!("Alicia")));
    assert_eq!(user["threepids"][0]["address"], "a@example.org");
    // The rooms show it too.
    let state = alice.get(&format!("/rooms/{}/state", encode(&room))).await.ok();
    assert_eq!(state_content(&state, "m.room.member", &alice.id)["displayname"], "Alicia");
    let user = put(json!({
        "user_type": null, "threepids": [{"medium": "email", "address": "b@example.org"}], "locked": true,
    }))
    .await;
    assert_eq!((&user["user_type"], &user["locked"]), (&Value::Null, &json!(true)));
    assert_eq!(user["threepids"].as_array().unwrap().len(), 1);
    assert_eq!(user["threepids"][0]["address"], "b@example.org");
    alice.get("/account/whoami").await.refused(401, "M_USER_LOCKED");
    put(json!({"locked": false})).await;
    alice.get("/account/whoami").await.ok();
    put(json!({"admin": true})).await;
    alice.get(&v2(&alice.id)).await.ok();
}

#[tokio::test]
async fn passwords_end_sessions_unless_one_says_otherwise() {
    let (_server, admin, alice) = start().await;
    admin.put(&v2(&alice.id), json!({"password": "first password", "logout_devices": false})).await.ok();
    alice.get("/account/whoami").await.ok();
    admin.put(&v2(&alice.id), json!({"password": "second password"})).await.ok();
    alice.get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test]
async fn accounts_are_closed_and_opened_again() {
    let (server, admin, alice) = start().await;
    let bob = server.register("bob").await;
    let room = bob.create_room(json!({"preset": "public_chat"})).await;
    alice.join(&room).await.ok();
    let user = admin.put(&v2(&alice.id), json!({"deactivated": true})).await.ok();
    assert_eq!(user["deactivated"], true);
    alice.get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
    let state = bob.get(&format!("/rooms/{}/state", encode(&room))).await.ok();
    assert_eq!(state_content(&state, "m.room.member", &alice.id)["membership"], "leave");
    // The name and the picture of somebody who is gone stay as they are.
    admin.put(&v2(&alice.id), json!({"deactivated": true, "displayname": "x"})).await.ok();
    admin.put(&v2(&alice.id), json!({"deactivated": false})).await.refused(400, "M_UNKNOWN");
    let back = json!({"deactivated": false, "password": "another password", "displayname": "Alice"});
    let user = admin.put(&v2(&alice.id), back).await.ok();
    assert_eq!((&user["deactivated"], &user["displayname"]), (&json!(false), &json!("Alice")));
    let login = json!({"type": "m.login.password", "password": "another password",
        "identifier": {"type": "m.id.user", "user": "alice"}});
    server.anonymous("POST", "/_matrix/client/v3/login", Some(login)).await.ok();
}

#[tokio::test]
async fn only_administrators_change_users() {
    let (server, admin, alice) = start().await;
    alice.put(&v2(&alice.id), json!({})).await.refused(403, "M_FORBIDDEN");
    server.anonymous("PUT", &v2(&alice.id), Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    admin.put(&v2("@alice:elsewhere.example"), json!({})).await.refused(400, "M_UNKNOWN");
    admin.put(&v2(&admin.id), json!({"admin": false})).await.refused(400, "M_UNKNOWN");
    admin.put(&v2(&alice.id), json!({"user_type": "king"})).await.refused(400, "M_UNKNOWN");
    admin.put(&v2(&alice.id), json!({"deactivated": true, "locked": true})).await.refused(400, "M_UNKNOWN");
    let elsewhere = json!({"external_ids": [{"auth_provider": "a", "external_id": "b"}]});
    admin.put(&v2(&alice.id), elsewhere).await.refused(400, "M_UNKNOWN");
    admin.put(&v2(&alice.id), json!({"admin": "yes"})).await.refused(400, "M_BAD_JSON");
    let bad = json!({"threepids": [{"medium": "email", "address": "nowhere"}]});
    admin.put(&v2(&alice.id), bad).await.refused(400, "M_INVALID_PARAM");
    admin.put(&v2("@b!d:localhost"), json!({})).await.refused(400, "M_INVALID_USERNAME");
    admin.put(&v2("bad"), json!({})).await.refused(400, "M_INVALID_PARAM");
}
