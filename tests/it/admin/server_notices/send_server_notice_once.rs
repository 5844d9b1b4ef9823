//! `PUT /_synapse/admin/v1/send_server_notice/{txnId}`

use super::{PATH, notice, start};

#[tokio::test]
async fn a_repeated_request_tells_nothing_twice() {
    let (server, admin, alice) = start("").await;
    let path = |id: &str| format!("{PATH}/{id}");
    let event = admin.put(&path("1"), notice(&alice.id, "one")).await.event_id();
    assert_eq!(admin.put(&path("1"), notice(&alice.id, "one")).await.event_id(), event);
    assert_ne!(admin.put(&path("2"), notice(&alice.id, "one")).await.event_id(), event);
    let other = server.register_admin("other").await;
    assert_ne!(other.put(&path("1"), notice(&alice.id, "one")).await.event_id(), event);
    alice.put(&path("3"), notice(&alice.id, "one")).await.refused(403, "M_FORBIDDEN");
    admin.put(&path("3"), serde_json::json!({})).await.refused(400, "M_BAD_JSON");
}
