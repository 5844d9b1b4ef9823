//! `DELETE /_synapse/admin/v1/media/{serverName}/{mediaId}`

use serde_json::json;

use super::{id, only_administrators, path, start};

#[tokio::test]
async fn only_administrators_delete() {
    only_administrators("DELETE", "media/localhost/x").await;
}

#[tokio::test]
async fn a_deleted_file_is_gone() {
    let (_server, admin, alice) = start().await;
    // The second is equal and stays.
    let uri = alice.upload("text/plain", "hello").await;
    let other = alice.upload("text/plain", "hello").await;
    let of_file = path(&format!("media/localhost/{}", id(&uri)));
    let deleted = admin.delete(&of_file).await.ok();
    assert_eq!(deleted, json!({"deleted_media": [id(&uri)], "total": 1}));
    alice.fetch(&uri).await.refused(404, "M_NOT_FOUND");
    assert_eq!(alice.fetch(&other).await.ok().bytes, b"hello");
    admin.delete(&of_file).await.refused(404, "M_NOT_FOUND");
    admin.delete(&path("media/elsewhere.example/x")).await.refused(400, "M_UNKNOWN");
}
