//! `GET /_synapse/admin/v2/rooms/delete_status/{deleteId}`

use serde_json::json;

use super::{delete_room::delete, start};

#[tokio::test]
async fn a_deletion_is_found_by_its_id() {
    let (server, admin, alice, room) = start().await;
    let status = delete(&admin, &room, json!({})).await;
    assert_eq!((&status["room_id"], &status["status"]), (&json!(room), &json!("complete")));
    let path = |id: &str| format!("/_synapse/admin/v2/rooms/delete_status/{id}");
    let of_it = path(status["delete_id"].as_str().unwrap());
    alice.get(&of_it).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", &of_it, None).await.refused(401, "M_MISSING_TOKEN");
    admin.get(&path("unknown")).await.refused(404, "M_NOT_FOUND");
}
