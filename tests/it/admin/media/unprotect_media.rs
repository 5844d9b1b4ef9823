//! `POST /_synapse/admin/v1/media/unprotect/{mediaId}`

use serde_json::json;

use super::{id, only_administrators, path, start};

#[tokio::test]
async fn only_administrators_take_protection_away() {
    only_administrators("POST", "media/unprotect/x").await;
}

#[tokio::test]
async fn what_is_protected_no_longer_is_withdrawn() {
    let (_server, admin, alice) = start().await;
    let uri = alice.upload("text/plain", "hello").await;
    for verb in ["protect", "unprotect", "quarantine/localhost"] {
        admin.post(&path(&format!("media/{verb}/{}", id(&uri))), json!({})).await.ok();
    }
    alice.fetch(&uri).await.refused(404, "M_NOT_FOUND");
}
