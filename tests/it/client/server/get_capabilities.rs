//! `GET /_matrix/client/v3/capabilities`

use serde_json::json;

use crate::harness::{Bridge, Server};

#[tokio::test]
async fn users_learn_what_they_may_do() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let answer = alice.get("/capabilities").await.ok();
    let capabilities = &answer["capabilities"];
    assert_eq!(capabilities["m.change_password"], json!({"enabled": true}));
    assert_eq!(capabilities["m.get_login_token"], json!({"enabled": true}));
    // Addresses cannot be proved without a mail server.
    assert_eq!(capabilities["m.3pid_changes"], json!({"enabled": false}));
    assert_eq!(capabilities["m.profile_fields"], json!({"enabled": true}));
    let moderation = &capabilities["m.account_moderation"];
    assert!(moderation["lock"] != true && moderation["suspend"] != true, "{moderation}");

    let versions = &capabilities["m.room_versions"];
    assert_eq!(versions["default"], "12");
    for version in 1..=12 {
        assert_eq!(versions["available"][version.to_string()], "stable", "{version} in {versions}");
    }
    for version in ["org.matrix.msc3757.10", "org.matrix.msc3757.11"] {
        assert_eq!(versions["available"][version], "unstable", "{version} in {versions}");
    }
    assert_eq!(versions["available"].as_object().unwrap().len(), 14);
    // What is promised is kept.
    for version in ["1", "6", "12"] {
        let room = alice.create_room(json!({"room_version": version})).await;
        let create =
            alice.get(&format!("/rooms/{}/state/m.room.create/", crate::harness::encode(&room))).await;
        assert_eq!(create.ok()["room_version"], version);
    }
    alice.post("/createRoom", json!({"room_version": "13"})).await.refused(400, "M_UNSUPPORTED_ROOM_VERSION");
    server.anonymous("GET", "/_matrix/client/v3/capabilities", None).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn administrators_may_moderate() {
    let server = Server::start().await;
    let admin = server.register_admin("admin").await;
    let answer = admin.get("/capabilities").await.ok();
    assert_eq!(answer["capabilities"]["m.account_moderation"], json!({"lock": true, "suspend": true}));
}

#[tokio::test]
async fn the_default_room_version_is_the_operators_choice() {
    let server = Server::start_with("[rooms]\ndefault_room_version = \"11\"\n").await;
    let alice = server.register("alice").await;
    let answer = alice.get("/capabilities").await.ok();
    assert_eq!(answer["capabilities"]["m.room_versions"]["default"], "11");
    let room = alice.create_room(json!({})).await;
    let create = alice.get(&format!("/rooms/{}/state/m.room.create/", crate::harness::encode(&room))).await;
    assert_eq!(create.ok()["room_version"], "11");
}

#[tokio::test]
async fn users_without_a_password_cannot_change_it() {
    let bridge = Bridge::start().await;
    let user = bridge.register("_irc_alice").await;
    let answer = bridge.call_as(&user, "GET", "/capabilities", None).await.ok();
    assert_eq!(answer["capabilities"]["m.change_password"], json!({"enabled": false}));
    assert_ne!(answer["capabilities"]["m.get_login_token"]["enabled"], true);
}
