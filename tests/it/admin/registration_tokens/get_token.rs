//! `GET /_synapse/admin/v1/registration_tokens/{token}`

use serde_json::json;

use super::{make, only_administrators, path, start};

#[tokio::test]
async fn one_token_is_shown() {
    let (server, admin) = start().await;
    let made = make(&admin, json!({"token": "welcome", "uses_allowed": 3})).await;
    assert_eq!(admin.get(&path("welcome")).await.ok(), made);
    admin.get(&path("unknown")).await.refused(404, "M_NOT_FOUND");
    only_administrators(&server, "GET", &path("welcome")).await;
    let server = server.crash_and_restart().await;
    assert_eq!(admin.on(&server).get(&path("welcome")).await.ok(), made);
}
