//! `PUT /_synapse/admin/v1/registration_tokens/{token}`

use serde_json::json;

use super::{make, now_ms, only_administrators, path, start};

#[tokio::test]
async fn bounds_are_changed_one_by_one() {
    let (server, admin) = start().await;
    let expiry_time = now_ms() + 60_000;
    make(&admin, json!({"token": "t", "uses_allowed": 3, "expiry_time": expiry_time})).await;
    let change = async |body: serde_json::Value| {
        let token = admin.put(&path("t"), body).await.ok();
        assert_eq!(admin.get(&path("t")).await.ok(), token);
        (token["uses_allowed"].as_u64(), token["expiry_time"].as_u64())
    };
    assert_eq!(change(json!({})).await, (Some(3), Some(expiry_time)));
    assert_eq!(change(json!({"uses_allowed": 5})).await, (Some(5), Some(expiry_time)));
    assert_eq!(change(json!({"expiry_time": expiry_time + 1})).await, (Some(5), Some(expiry_time + 1)));
    // Null takes a bound away.
    assert_eq!(change(json!({"uses_allowed": null})).await, (None, Some(expiry_time + 1)));
    assert_eq!(change(json!({"uses_allowed": 0, "expiry_time": null})).await, (Some(0), None));
    admin.put(&path("unknown"), json!({})).await.refused(404, "M_NOT_FOUND");
    admin.put(&path("t"), json!({"expiry_time": 1})).await.refused(400, "M_INVALID_PARAM");
    for body in [json!({"uses_allowed": -1}), json!({"expiry_time": "soon"}), json!("t")] {
        admin.put(&path("t"), body).await.refused(400, "M_BAD_JSON");
    }
    only_administrators(&server, "PUT", &path("t")).await;
}
