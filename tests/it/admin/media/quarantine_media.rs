//! `POST /_synapse/admin/v1/media/quarantine/{serverName}/{mediaId}`

use image::ImageFormat;
use serde_json::json;

use super::{id, only_administrators, path, start};
use crate::harness::{media_path, picture};

#[tokio::test]
async fn only_administrators_withdraw() {
    only_administrators("POST", "media/quarantine/localhost/x").await;
}

#[tokio::test]
async fn what_is_withdrawn_is_not_served() {
    let (server, admin, alice) = start().await;
    let uri = alice.upload("image/png", picture(40, 20, ImageFormat::Png)).await;
    let thumbnail = format!("{}?width=9&height=9", media_path("thumbnail", &uri));
    alice.download(&thumbnail).await.ok();
    let withdraw = path(&format!("media/quarantine/localhost/{}", id(&uri)));
    assert_eq!(admin.post(&withdraw, json!({})).await.ok(), json!({}));
    for user in [&alice, &admin] {
        user.fetch(&uri).await.refused(404, "M_NOT_FOUND");
        user.download(&thumbnail).await.refused(404, "M_NOT_FOUND");
    }
    let server = server.crash_and_restart().await;
    let (admin, alice) = (admin.on(&server), alice.on(&server));
    alice.fetch(&uri).await.refused(404, "M_NOT_FOUND");
    let info = admin.get(&path(&format!("media/localhost/{}", id(&uri)))).await.ok();
    assert_eq!(info["media_info"]["quarantined_by"], admin.id);
    // Tools go through lists of what they have seen, here or not.
    for unknown in ["localhost/unknown", "elsewhere.example/unknown"] {
        admin.post(&path(&format!("media/quarantine/{unknown}")), json!({})).await.ok();
    }
}
