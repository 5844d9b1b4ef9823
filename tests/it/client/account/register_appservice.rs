//! Registering by application services, and the names they keep for themselves.

use serde_json::{Value, json};

use super::register;
use crate::harness::{Bridge, User};

fn wish(name: &str) -> Value {
    json!({"type": "m.login.application_service", "username": name})
}

#[tokio::test]
async fn a_service_makes_users_of_its_own() {
    let bridge = Bridge::start().await;
    let answer = bridge.call("POST", "/register", Some(wish("_irc_alice"))).await.ok();
    assert_eq!(answer["user_id"], "@_irc_alice:localhost");
    User::from_login(&bridge.server, &answer).is_logged_in().await;
    let mut quiet = wish("_irc_bob");
    quiet["inhibit_login"] = true.into();
    let answer = bridge.call("POST", "/register", Some(quiet)).await.ok();
    assert_eq!(answer, json!({"user_id": "@_irc_bob:localhost", "home_server": "localhost"}));
    // Some say in the query whom they are about to make.
    bridge.call_as("@_irc_dan:localhost", "POST", "/register", Some(wish("_irc_dan"))).await.ok();
    // Shared names too, as long as nobody has them.
    bridge.call("POST", "/register", Some(wish("shared_carol"))).await.ok();

    bridge.call("POST", "/register", Some(wish("_irc_alice"))).await.refused(400, "M_USER_IN_USE");
    bridge.call("POST", "/register", Some(wish("mallory"))).await.refused(400, "M_EXCLUSIVE");
    bridge.call("POST", "/register", Some(wish("_irc_ä"))).await.refused(400, "M_INVALID_USERNAME");
    let nameless = json!({"type": "m.login.application_service"});
    bridge.call("POST", "/register", Some(nameless)).await.refused(400, "M_MISSING_PARAM");
    register(&bridge.server, wish("_irc_carol")).await.refused(401, "M_MISSING_TOKEN");
    let path = "/_matrix/client/v3/register";
    let wrong = bridge.server.with_token("wrong", "POST", path, Some(wish("_irc_carol"))).await;
    wrong.refused(401, "M_UNKNOWN_TOKEN");
    let mallory = bridge.server.register("mallory").await;
    let by_user = mallory.post("/register", wish("_irc_carol")).await;
    assert!(by_user.status == 401 || by_user.status == 403, "{by_user:?}");
}

#[tokio::test]
async fn nobody_else_gets_an_exclusive_name() {
    let bridge = Bridge::start().await;
    for name in ["_irc_alice", "_IRC_alice", "ircbot"] {
        let body = json!({"username": name, "password": "correct horse", "auth": {"type": "m.login.dummy"}});
        register(&bridge.server, body).await.refused(400, "M_EXCLUSIVE");
        let first = json!({"username": name, "password": "correct horse"});
        register(&bridge.server, first).await.refused(400, "M_EXCLUSIVE");
        let path = format!("/_matrix/client/v3/register/available?username={name}");
        bridge.server.anonymous("GET", &path, None).await.refused(400, "M_EXCLUSIVE");
    }
    // What is not exclusive is there for everybody, and then not for the service any more.
    bridge.server.register("shared_alice").await;
    bridge.call("POST", "/register", Some(wish("shared_alice"))).await.refused(400, "M_USER_IN_USE");
}

#[tokio::test]
async fn a_closed_account_is_closed_for_the_service_too() {
    let bridge = Bridge::start().await;
    let user = bridge.register("_irc_alice").await;
    bridge.call_as(&user, "POST", "/account/deactivate", Some(json!({}))).await.ok();
    bridge.call_as(&user, "GET", "/account/whoami", None).await.refused(403, "M_FORBIDDEN");
    bridge.call("POST", "/register", Some(wish("_irc_alice"))).await.refused(400, "M_USER_IN_USE");
    let login =
        json!({"type": "m.login.application_service", "identifier": {"type": "m.id.user", "user": user}});
    bridge.call("POST", "/login", Some(login)).await.refused(403, "M_USER_DEACTIVATED");
}

#[tokio::test]
async fn an_exclusive_alias_is_the_services_alone() {
    let bridge = Bridge::start().await;
    let alice = bridge.server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let path = "/directory/room/%23_irc_tea%3Alocalhost";
    alice.put(path, json!({"room_id": room})).await.refused(400, "M_EXCLUSIVE");
    let body = json!({"room_alias_name": "_irc_tea"});
    alice.post("/createRoom", body).await.refused(400, "M_EXCLUSIVE");
    bridge.call("PUT", path, Some(json!({"room_id": room}))).await.ok();
    let found = bridge.server.anonymous("GET", &format!("/_matrix/client/v3{path}"), None).await.ok();
    assert_eq!(found["room_id"], *room);
}

#[tokio::test]
async fn registration_for_people_need_not_be_open() {
    let bridge = Bridge::start_with("[registration]\nmode = \"closed\"\n").await;
    bridge.register("_irc_alice").await;
    register(&bridge.server, json!({"username": "alice"})).await.refused(403, "M_FORBIDDEN");
}
