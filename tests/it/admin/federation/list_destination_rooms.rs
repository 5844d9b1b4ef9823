//! `GET /_synapse/admin/v1/federation/destinations/{destination}/rooms`

use super::{Two, path};

#[tokio::test]
async fn the_rooms_in_common_are_listed() {
    let two = Two::start().await;
    let of_there = path(&two.there.name, "/rooms");
    let listed = two.admin.get(&of_there).await.ok();
    assert_eq!(listed["total"], 1, "{listed}");
    assert_eq!(listed["rooms"][0]["room_id"], *two.room);
    assert!(listed["rooms"][0]["stream_ordering"].is_u64(), "{listed}");
    two.admin.get(&path("unknown.example", "/rooms")).await.refused(404, "M_NOT_FOUND");
    two.admin.get(&format!("{of_there}?limit=x")).await.refused(400, "M_INVALID_PARAM");
    two.only_administrators("GET", &of_there).await;
}
