//! `POST /_synapse/admin/v1/media/protect/{mediaId}`

use serde_json::json;

use super::{id, only_administrators, path, start};

#[tokio::test]
async fn only_administrators_protect() {
    only_administrators("POST", "media/protect/x").await;
}

#[tokio::test]
async fn what_is_protected_is_not_withdrawn() {
    let (_server, admin, alice) = start().await;
    let uri = alice.upload("text/plain", "hello").await;
    let protect = path(&format!("media/protect/{}", id(&uri)));
    assert_eq!(admin.post(&protect, json!({})).await.ok(), json!({}));
    let info = admin.get(&path(&format!("media/localhost/{}", id(&uri)))).await.ok();
    assert_eq!(info["media_info"]["safe_from_quarantine"], true);
    let withdraw = path(&format!("media/quarantine/localhost/{}", id(&uri)));
    admin.post(&withdraw, json!({})).await.ok();
    alice.fetch(&uri).await.ok();
    admin.post(&path("media/protect/unknown"), json!({})).await.ok();
}
