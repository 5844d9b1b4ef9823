//! `POST /_matrix/client/v3/pushers/set`

use serde_json::{Value, json};

use crate::harness::{Server, User};

const GATEWAY: &str = "https://push.example.org/_matrix/push/v1/notify";

fn pusher(app_id: &str, pushkey: &str) -> Value {
    json!({
        "kind": "http", "app_id": app_id, "pushkey": pushkey, "app_display_name": "App",
        "device_display_name": "Phone", "lang": "en", "data": {"url": GATEWAY},
    })
}

/// The app ids and push keys of a user's pushers.
async fn pushers(user: &User) -> Vec<(String, String)> {
    let answer = user.get("/pushers").await.ok();
    let text = |pusher: &Value, key: &str| pusher[key].as_str().unwrap().to_owned();
    let pushers = answer["pushers"].as_array().unwrap().iter();
    pushers.map(|pusher| (text(pusher, "app_id"), text(pusher, "pushkey"))).collect()
}

fn named(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(app_id, pushkey)| ((*app_id).to_owned(), (*pushkey).to_owned())).collect()
}

#[tokio::test]
async fn pushers_are_set_changed_and_removed() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    assert_eq!(alice.post("/pushers/set", pusher("app", "a")).await.ok(), json!({}));
    alice.post("/pushers/set", pusher("app", "b")).await.ok();
    let mut changed = pusher("app", "a");
    changed["device_display_name"] = "Tablet".into();
    alice.post("/pushers/set", changed).await.ok();
    assert_eq!(pushers(&alice).await, named(&[("app", "a"), ("app", "b")]));
    assert_eq!(alice.get("/pushers").await.ok()["pushers"][0]["device_display_name"], "Tablet");
    let removal = json!({"kind": null, "app_id": "app", "pushkey": "a"});
    assert_eq!(alice.post("/pushers/set", removal.clone()).await.ok(), json!({}));
    assert_eq!(pushers(&alice).await, named(&[("app", "b")]));
    alice.post("/pushers/set", removal).await.ok();
}

#[tokio::test]
async fn a_device_tells_one_user_unless_more_are_asked_for() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    alice.post("/pushers/set", pusher("app", "shared")).await.ok();
    alice.post("/pushers/set", pusher("other app", "shared")).await.ok();
    let mut more = pusher("app", "shared");
    more["append"] = true.into();
    bob.post("/pushers/set", more).await.ok();
    assert_eq!(pushers(&alice).await.len(), 2);
    assert_eq!(pushers(&bob).await.len(), 1);
    bob.post("/pushers/set", pusher("app", "shared")).await.ok();
    assert_eq!(pushers(&alice).await, named(&[("other app", "shared")]));
    assert_eq!(pushers(&bob).await, named(&[("app", "shared")]));
}

#[tokio::test]
async fn they_go_with_the_device_that_set_them() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    let tablet = alice.log_in_again(&server, "TABLET").await;
    alice.post("/pushers/set", pusher("app", "desk")).await.ok();
    phone.post("/pushers/set", pusher("app", "phone")).await.ok();
    tablet.post("/pushers/set", pusher("app", "tablet")).await.ok();
    phone.post("/logout", json!({})).await.ok();
    assert_eq!(pushers(&alice).await, named(&[("app", "desk"), ("app", "tablet")]));
    // A new password that ends the other sessions ends what they have set, and nothing else.
    let body = json!({"new_password": "another password of alice", "logout_devices": false});
    alice.call_with_password("POST", "/account/password", body).await.ok();
    assert_eq!(pushers(&alice).await, named(&[("app", "desk"), ("app", "tablet")]));
    let session = alice
        .post("/account/password", json!({"new_password": "a third password of alice"}))
        .await
        .challenged(&[&["m.login.password"]]);
    let proof = crate::harness::password_proof(&alice.id, "another password of alice", &session);
    alice
        .post("/account/password", json!({"new_password": "a third password of alice", "auth": proof}))
        .await
        .ok();
    assert_eq!(pushers(&alice).await, named(&[("app", "desk")]));
}

#[tokio::test]
async fn a_pusher_can_be_switched_off_from_another_device() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    alice.post("/pushers/set", pusher("app", "a")).await.ok();
    let laptop = alice.log_in_again(&server, "LAPTOP").await;
    let mut off = pusher("app", "a");
    off["org.matrix.msc3881.enabled"] = false.into();
    laptop.post("/pushers/set", off).await.ok();
    let seen = alice.get("/pushers").await.ok();
    assert_eq!(seen["pushers"][0]["org.matrix.msc3881.enabled"], false, "{seen}");
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for key in ["kind", "app_id", "pushkey", "app_display_name", "device_display_name", "lang", "data"] {
        let mut body = pusher("app", "a");
        body.as_object_mut().unwrap().remove(key);
        let refused = alice.post("/pushers/set", body).await.refused(400, "M_MISSING_PARAM");
        assert!(refused["error"].as_str().unwrap().contains(key), "{refused}");
    }
    assert!(pushers(&alice).await.is_empty());
}

#[tokio::test]
async fn what_is_no_pusher_is_refused() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let with = |key: &str, value: Value| {
        let mut body = pusher("app", "a");
        body[key] = value;
        body
    };
    for body in [
        with("app_id", json!("a".repeat(65))),
        with("pushkey", json!("k".repeat(513))),
        with("pushkey", json!("")),
        with("lang", json!("l".repeat(1_025))),
        with("kind", json!("pigeon")),
        with("data", json!({})),
        with("data", json!({"url": 7})),
        with("data", json!({"url": "push.example.org"})),
        with("data", json!({"url": "https://push.example.org/notify"})),
        with("data", json!({"url": "ftp://push.example.org/_matrix/push/v1/notify"})),
        // Not encrypted.
        with("data", json!({"url": "http://push.example.org/_matrix/push/v1/notify"})),
        with("data", json!({"url": GATEWAY, "more": "m".repeat(20_000)})),
    ] {
        alice.post("/pushers/set", body).await.refused(400, "M_INVALID_PARAM");
    }
    for body in [with("data", json!("a text")), with("append", json!("yes")), json!([])] {
        alice.post("/pushers/set", body).await.refused(400, "M_BAD_JSON");
    }
    assert!(pushers(&alice).await.is_empty());
    let path = "/_matrix/client/v3/pushers/set";
    server.anonymous("POST", path, Some(pusher("app", "a"))).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn who_sets_too_many_loses_the_oldest() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for index in 0..101 {
        alice.post("/pushers/set", pusher("app", &format!("{index:03}"))).await.ok();
    }
    let found = pushers(&alice).await;
    assert_eq!((found.len(), found[0].1.as_str(), found[99].1.as_str()), (100, "001", "100"));
}
