//! `POST /_matrix/client/v3/login` by application services, and acting in the name of their users.
//! <https://spec.matrix.org/v1.19/application-service-api/#identity-assertion>

use serde_json::{Value, json};

use super::login;
use crate::harness::{AS_TOKEN, Answer, Bridge, User};

fn as_service(user: &str) -> Value {
    json!({"type": "m.login.application_service", "identifier": {"type": "m.id.user", "user": user}})
}

async fn log_in(bridge: &Bridge, user: &str) -> Answer {
    bridge.call("POST", "/login", Some(as_service(user))).await
}

#[tokio::test]
async fn a_service_logs_its_users_in() {
    let bridge = Bridge::start().await;
    let user = bridge.register("_irc_alice").await;
    for name in ["_irc_alice", "@_irc_alice:localhost"] {
        let answer = log_in(&bridge, name).await.ok();
        assert_eq!(answer["user_id"], *user);
        let session = User::from_login(&bridge.server, &answer);
        session.is_logged_in().await;
        // It is a user like others then.
        let room = session.create_room(json!({})).await;
        session.say(&room, "hello").await;
    }
    // Its own user too.
    assert_eq!(log_in(&bridge, "ircbot").await.ok()["user_id"], "@ircbot:localhost");
    // There is no password to log in with.
    bridge.server.log_in("_irc_alice", "").await.refused(403, "M_FORBIDDEN");

    let mallory = bridge.server.register("mallory").await;
    log_in(&bridge, "mallory").await.refused(400, "M_EXCLUSIVE");
    log_in(&bridge, "_irc_unregistered").await.refused(403, "M_FORBIDDEN");
    login(&bridge.server, as_service("_irc_alice")).await.refused(401, "M_MISSING_TOKEN");
    let by_user = mallory.post("/login", as_service("_irc_alice")).await;
    assert!(by_user.status == 401 || by_user.status == 403, "{by_user:?}");
    let wrong = bridge
        .server
        .with_token("wrong", "POST", "/_matrix/client/v3/login", Some(as_service("ircbot")))
        .await;
    wrong.refused(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test]
async fn a_service_acts_in_the_name_of_its_users() {
    let bridge = Bridge::start().await;
    let user = bridge.register("_irc_alice").await;
    let me = bridge.call("GET", "/account/whoami", None).await.ok();
    assert_eq!(me["user_id"], "@ircbot:localhost");
    assert!(me.get("device_id").is_none(), "{me}");
    assert_eq!(bridge.call_as(&user, "GET", "/account/whoami", None).await.ok()["user_id"], *user);
    let room =
        bridge.call_as(&user, "POST", "/createRoom", Some(json!({"preset": "public_chat"}))).await.ok();
    let path = format!("/join/{}", room["room_id"].as_str().unwrap());
    bridge.call("POST", &path, Some(json!({}))).await.ok();
    let rooms = bridge.call("GET", "/joined_rooms", None).await.ok();
    assert_eq!(rooms["joined_rooms"], json!([room["room_id"]]));

    for stranger in
        ["@alice:localhost", "@_irc_alice:elsewhere.example", "@_irc_unregistered:localhost", "_irc_alice"]
    {
        bridge.call_as(stranger, "GET", "/account/whoami", None).await.refused(403, "M_FORBIDDEN");
    }
    // Users cannot borrow names, whatever they ask for.
    let mallory = bridge.server.register("mallory").await;
    let answer = mallory.get("/account/whoami?user_id=%40_irc_alice%3Alocalhost").await.ok();
    assert_eq!(answer["user_id"], *mallory.id);
}

#[tokio::test]
async fn a_service_manages_devices_without_logging_in() {
    let bridge = Bridge::start().await;
    let user = bridge.register("_irc_alice").await;
    let device = "/devices/BRIDGE";
    bridge.call_as(&user, "GET", device, None).await.refused(404, "M_NOT_FOUND");
    let named = Some(json!({"display_name": "Bridge"}));
    assert_eq!(bridge.call_as(&user, "PUT", device, named.clone()).await.status, 201);
    assert_eq!(bridge.call_as(&user, "PUT", device, named).await.status, 200);
    let found = bridge.call_as(&user, "GET", device, None).await.ok();
    assert_eq!((&found["device_id"], &found["display_name"]), (&json!("BRIDGE"), &json!("Bridge")));
    let me = bridge.call_as(&user, "GET", "/account/whoami?device_id=BRIDGE", None).await.ok();
    assert_eq!(me["device_id"], "BRIDGE");
    let unknown = bridge.call_as(&user, "GET", "/account/whoami?device_id=NONE", None).await;
    unknown.refused(400, "M_UNKNOWN_DEVICE");
    // Nobody is asked for a password that does not exist.
    bridge.call_as(&user, "DELETE", device, Some(json!({}))).await.ok();
    bridge.call_as(&user, "GET", device, None).await.refused(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn the_services_token_has_no_end() {
    let bridge = Bridge::start().await;
    let user = bridge.register("_irc_alice").await;
    let session = User::from_login(&bridge.server, &log_in(&bridge, &user).await.ok());
    bridge.call("POST", "/logout", Some(json!({}))).await.ok();
    bridge.call_as(&user, "POST", "/logout/all", Some(json!({}))).await.ok();
    bridge.server.refuses_token(&session.token).await;
    bridge.call_as(&user, "GET", "/account/whoami", None).await.ok();
    // The old way to show a token.
    let path = format!("/_matrix/client/v3/account/whoami?access_token={}", crate::harness::encode(AS_TOKEN));
    assert_eq!(bridge.server.anonymous("GET", &path, None).await.ok()["user_id"], "@ircbot:localhost");
}
