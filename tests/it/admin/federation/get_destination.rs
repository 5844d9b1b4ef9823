//! `GET /_synapse/admin/v1/federation/destinations/{destination}`

use super::{Two, path};

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_of() {
    let mut two = Two::start().await;
    let of_there = path(&two.there.name, "");
    assert!(two.admin.get(&of_there).await.ok()["failure_ts"].is_null());
    let told = two.lose().await;
    assert_eq!(told["destination"], *two.there.name);
    assert!(told["retry_interval"].as_u64().unwrap() > 0, "{told}");
    assert!(told["retry_last_ts"].as_u64().unwrap() > 1_500_000_000_000, "{told}");
    two.admin.get(&path("unknown.example", "")).await.refused(404, "M_NOT_FOUND");
    two.admin.get(&path(&two.here.name, "")).await.refused(404, "M_NOT_FOUND");
    two.only_administrators("GET", &of_there).await;
}
