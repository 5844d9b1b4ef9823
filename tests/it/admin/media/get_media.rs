//! `GET /_synapse/admin/v1/media/{serverName}/{mediaId}`

use super::{id, only_administrators, path, start};

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", "media/localhost/x").await;
}

#[tokio::test]
async fn a_file_is_described() {
    let (_server, admin, alice) = start().await;
    let named = "/_matrix/media/v3/upload?filename=note.txt";
    let answer = alice.send_file("POST", named, "text/plain", "hello").await.ok();
    let id = id(answer["content_uri"].as_str().unwrap());
    let found = admin.get(&path(&format!("media/localhost/{id}"))).await.ok();
    let info = &found["media_info"];
    assert_eq!(info["media_id"], id);
    assert_eq!(info["user_id"], alice.id);
    assert_eq!(info["media_type"], "text/plain");
    assert_eq!(info["media_length"], 5);
    assert_eq!(info["upload_name"], "note.txt");
    assert_eq!(info["safe_from_quarantine"], false);
    assert_eq!(info["sha256"], "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert!(info["created_ts"].is_u64() && info["last_access_ts"].is_u64(), "{info}");
    assert!(info["quarantined_by"].is_null() && info["media_origin"].is_null(), "{info}");
    for unknown in ["media/localhost/unknown", "media/elsewhere.example/unknown"] {
        admin.get(&path(unknown)).await.refused(404, "M_NOT_FOUND");
    }
    admin.get(&path("media/not%20a%20server/x")).await.refused(400, "M_INVALID_PARAM");
}
