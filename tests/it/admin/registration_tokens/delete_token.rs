//! `DELETE /_synapse/admin/v1/registration_tokens/{token}`

use serde_json::json;

use super::{make, only_administrators, path, start};

#[tokio::test]
async fn a_token_is_taken_back() {
    let (server, admin) = start().await;
    make(&admin, json!({"token": "t"})).await;
    only_administrators(&server, "DELETE", &path("t")).await;
    assert_eq!(admin.delete(&path("t")).await.ok(), json!({}));
    admin.get(&path("t")).await.refused(404, "M_NOT_FOUND");
    admin.delete(&path("t")).await.refused(404, "M_NOT_FOUND");
    // The name is free again.
    make(&admin, json!({"token": "t"})).await;
}
