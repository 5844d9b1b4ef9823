//! `POST /_synapse/admin/v1/media/delete`

use serde_json::json;

use super::{LATER_MS, id, only_administrators, path, start};
use crate::harness::encode;

#[tokio::test]
async fn only_administrators_delete() {
    only_administrators("POST", "media/delete?before_ts=40000000000").await;
}

#[tokio::test]
async fn what_is_old_and_large_goes_unless_it_is_somebodys_picture() {
    let (_server, admin, alice) = start().await;
    let small = alice.upload("text/plain", "123").await;
    let large = alice.upload("text/plain", "12345").await;
    let protected = alice.upload("text/plain", "protected").await;
    admin.post(&path(&format!("media/protect/{}", id(&protected))), json!({})).await.ok();
    let face = alice.upload("image/png", "a face").await;
    let of_face = format!("/profile/{}/avatar_url", encode(&alice.id));
    alice.put(&of_face, json!({"avatar_url": face})).await.ok();
    let sign = alice.upload("image/png", "a sign").await;
    let room = alice.create_room(json!({})).await;
    alice.set_state(&room, "m.room.avatar", "", json!({"url": sign})).await.ok();
    let delete = async |query: &str| {
        let path = path(&format!("media/delete?{query}"));
        admin.post(&path, json!({})).await
    };
    let nothing = delete("before_ts=40000000000").await.ok();
    assert_eq!(nothing, json!({"deleted_media": [], "total": 0}));
    let gone = delete(&format!("before_ts={LATER_MS}&size_gt=3")).await.ok();
    assert_eq!(gone, json!({"deleted_media": [id(&large)], "total": 1}));
    alice.fetch(&large).await.refused(404, "M_NOT_FOUND");
    for kept in [&small, &face, &sign, &protected] {
        alice.fetch(kept).await.ok();
    }
    let gone = delete(&format!("before_ts={LATER_MS}&size_gt=3&keep_profiles=false")).await.ok();
    assert_eq!(gone["total"], 2, "{gone}");
    alice.fetch(&face).await.refused(404, "M_NOT_FOUND");
    alice.fetch(&small).await.ok();
    let older = async |server: &str| {
        let path = path(&format!("media/{server}/delete?before_ts={LATER_MS}&size_gt=100"));
        admin.post(&path, json!({})).await
    };
    assert_eq!(older("localhost").await.ok(), nothing);
    older("elsewhere.example").await.refused(400, "M_UNKNOWN");
    delete("").await.refused(400, "M_MISSING_PARAM");
    // Seconds.
    delete("before_ts=1700000000").await.refused(400, "M_INVALID_PARAM");
    delete("before_ts=soon").await.refused(400, "M_INVALID_PARAM");
}
