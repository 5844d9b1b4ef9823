//! `POST /_synapse/admin/v1/registration_tokens/new`

use serde_json::json;

use super::{make, now_ms, only_administrators, path, start};

#[tokio::test]
async fn tokens_are_made_as_they_are_wanted() {
    let (server, admin) = start().await;
    let expiry_time = now_ms() + 60_000;
    let wish = json!({"token": "a.B_c~d-9", "uses_allowed": 3, "expiry_time": expiry_time});
    let expected = json!({
        "token": "a.B_c~d-9", "uses_allowed": 3, "pending": 0, "completed": 0, "expiry_time": expiry_time,
    });
    assert_eq!(make(&admin, wish.clone()).await, expected);
    admin.post(&path("new"), wish).await.refused(400, "M_INVALID_PARAM");
    // The server makes one up, of the length one wants.
    for (wish, length) in [(json!({}), 16), (json!({"length": 1}), 1), (json!({"length": 64}), 64)] {
        let made = make(&admin, wish).await;
        assert_eq!(made["token"].as_str().unwrap().len(), length, "{made}");
        assert!(made["uses_allowed"].is_null() && made["expiry_time"].is_null(), "{made}");
    }
    make(&admin, json!({"token": "x".repeat(64)})).await;
    make(&admin, json!({"token": "never", "uses_allowed": 0})).await;
    only_administrators(&server, "POST", &path("new")).await;
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (_server, admin) = start().await;
    for wish in [
        json!({"token": ""}),
        json!({"token": "two words"}),
        json!({"token": "ü"}),
        json!({"token": "x".repeat(65)}),
        json!({"length": 0}),
        json!({"length": 65}),
        json!({"expiry_time": now_ms() - 1000}),
        json!({"expiry_time": 0}),
    ] {
        admin.post(&path("new"), wish).await.refused(400, "M_INVALID_PARAM");
    }
    for wish in [json!({"token": 7}), json!({"uses_allowed": -1}), json!({"uses_allowed": "many"}), json!([])]
    {
        admin.post(&path("new"), wish).await.refused(400, "M_BAD_JSON");
    }
}
