//! `POST /_synapse/admin/v1/media/unquarantine/{serverName}/{mediaId}`

use serde_json::json;

use super::{id, only_administrators, path, start};

#[tokio::test]
async fn only_administrators_give_back() {
    only_administrators("POST", "media/unquarantine/localhost/x").await;
}

#[tokio::test]
async fn what_is_given_back_is_served_again() {
    let (_server, admin, alice) = start().await;
    let uri = alice.upload("text/plain", "hello").await;
    let below = format!("localhost/{}", id(&uri));
    admin.post(&path(&format!("media/quarantine/{below}")), json!({})).await.ok();
    alice.fetch(&uri).await.refused(404, "M_NOT_FOUND");
    let back = admin.post(&path(&format!("media/unquarantine/{below}")), json!({})).await.ok();
    assert_eq!(back, json!({}));
    assert_eq!(alice.fetch(&uri).await.ok().bytes, b"hello");
}
