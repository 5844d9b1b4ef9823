//! `PUT /_matrix/client/v3/profile/{userId}/{keyName}`

use serde_json::{Value, json};

use super::{path, set};
use crate::harness::Server;

#[tokio::test]
async fn any_field_takes_any_value() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for (field, value) in [
        ("displayname", json!("Alice 🌸")),
        ("avatar_url", json!("mxc://localhost/alice")),
        ("m.tz", json!("Europe/London")),
        ("org.example.number", json!(7)),
        ("org.example.object", json!({"a": [1, {"b": null}]})),
        ("org.example.nothing", json!(null)),
        ("org.example.no", json!(false)),
        ("org.example.with_under-score", json!("")),
    ] {
        assert_eq!(set(&alice, field, value.clone()).await.ok(), json!({}), "{field}");
        assert_eq!(alice.get(&path(&alice.id, field)).await.ok(), json!({field: value}));
    }
    set(&alice, "m.tz", json!("Asia/Tokyo")).await.ok();
    assert_eq!(alice.get(&path(&alice.id, "m.tz")).await.ok(), json!({"m.tz": "Asia/Tokyo"}));
    let unstable = format!("/_matrix/client/unstable/uk.tcpip.msc4133{}", path(&alice.id, "m.tz"));
    alice.put(&unstable, json!({"m.tz": "Africa/Lagos"})).await.ok();
    assert_eq!(alice.get(&path(&alice.id, "m.tz")).await.ok(), json!({"m.tz": "Africa/Lagos"}));
}

#[tokio::test]
async fn clients_take_names_away_in_many_ways() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for field in ["displayname", "avatar_url"] {
        for gone in [json!({field: null}), json!({field: ""}), json!({})] {
            set(&alice, field, json!("mxc://localhost/something")).await.ok();
            alice.put(&path(&alice.id, field), gone).await.ok();
            alice.get(&path(&alice.id, field)).await.refused(404, "M_NOT_FOUND");
        }
    }
    assert_eq!(alice.get(&path(&alice.id, "")).await.ok(), json!({}));
}

#[tokio::test]
async fn others_may_not_and_administrators_may() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let admin = server.register_admin("admin").await;
    for field in ["displayname", "avatar_url", "m.tz"] {
        let of_alice = path(&alice.id, field);
        let body = json!({field: "mxc://localhost/changed"});
        bob.put(&of_alice, body.clone()).await.refused(403, "M_FORBIDDEN");
        let open = format!("/_matrix/client/v3{of_alice}");
        server.anonymous("PUT", &open, Some(body.clone())).await.refused(401, "M_MISSING_TOKEN");
        admin.put(&of_alice, body.clone()).await.ok();
        assert_eq!(alice.get(&of_alice).await.ok(), body);
    }
    let nobody = json!({"displayname": "x"});
    bob.put(&path("@nobody:localhost", "displayname"), nobody.clone()).await.refused(403, "M_FORBIDDEN");
    admin.put(&path("@nobody:localhost", "displayname"), nobody.clone()).await.refused(404, "M_NOT_FOUND");
    admin.put(&path("@alice:elsewhere.example", "displayname"), nobody).await.is_sound();
}

#[tokio::test]
async fn names_and_values_have_limits() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for field in ["M.TZ", "1.a", ".a", "m.t z", "m.ü", "_a.b", "a\0b", "a/b"] {
        set(&alice, field, json!("x")).await.refused(400, "M_INVALID_PARAM");
    }
    set(&alice, &format!("m.{}", "x".repeat(253)), json!("x")).await.ok();
    set(&alice, &format!("m.{}", "x".repeat(254)), json!("x")).await.refused(400, "M_KEY_TOO_LARGE");
    set(&alice, "displayname", json!("ü".repeat(256))).await.ok();
    set(&alice, "displayname", json!("x".repeat(257))).await.refused(400, "M_INVALID_PARAM");
    set(&alice, "avatar_url", json!("x".repeat(1001))).await.refused(400, "M_INVALID_PARAM");
    for field in ["displayname", "avatar_url"] {
        for value in [json!(7), json!({}), json!(["x"]), json!(true)] {
            set(&alice, field, value).await.refused(400, "M_INVALID_PARAM");
        }
    }
    // The profile as a whole has 64 KiB.
    set(&alice, "org.example.big", json!("x".repeat(60 * 1024))).await.ok();
    set(&alice, "org.example.more", json!("x".repeat(4 * 1024))).await.refused(400, "M_PROFILE_TOO_LARGE");
    set(&alice, "org.example.big", json!("x".repeat(65 * 1024))).await.refused(400, "M_PROFILE_TOO_LARGE");
    let whole = alice.get(&path(&alice.id, "")).await.ok();
    assert!(whole.to_string().len() < 64 * 1024);
    assert!(whole.get("org.example.more").is_none());
    set(&alice, "org.example.big", json!("small")).await.ok();
    set(&alice, "org.example.more", json!("x".repeat(4 * 1024))).await.ok();
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let tz = path(&alice.id, "m.tz");
    alice.put(&tz, json!({})).await.refused(400, "M_MISSING_PARAM");
    alice.put(&tz, json!({"m.timezone": "x"})).await.refused(400, "M_MISSING_PARAM");
    alice.put(&tz, json!("Europe/London")).await.refused(400, "M_BAD_JSON");
    alice.put(&tz, Value::Null).await.refused(400, "M_BAD_JSON");
    let open = format!("/_matrix/client/v3{tz}");
    server.send_text("PUT", &open, Some(&alice.token), "{").await.refused(400, "M_NOT_JSON");
    alice.put("/profile/alice/m.tz", json!({"m.tz": "x"})).await.refused(400, "M_INVALID_PARAM");
    assert_eq!(alice.get(&path(&alice.id, "")).await.ok(), json!({"displayname": "alice"}));
}

#[tokio::test]
async fn changes_are_counted() {
    let server = Server::start_with("[rate_limits]\nprofile = { per_second = 0.001, burst = 2 }\n").await;
    let alice = server.register("alice").await;
    set(&alice, "displayname", json!("A")).await.ok();
    set(&alice, "m.tz", json!("Europe/London")).await.ok();
    set(&alice, "displayname", json!("B")).await.refused(429, "M_LIMIT_EXCEEDED");
    alice.delete(&path(&alice.id, "m.tz")).await.refused(429, "M_LIMIT_EXCEEDED");
}
