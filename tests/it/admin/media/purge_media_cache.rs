//! `POST /_synapse/admin/v1/purge_media_cache`

use serde_json::json;

use super::{LATER_MS, only_administrators, path};
use crate::harness::network;

#[tokio::test]
async fn only_administrators_purge() {
    only_administrators("POST", "purge_media_cache?before_ts=40000000000").await;
}

#[tokio::test]
async fn copies_of_other_servers_files_go_and_are_fetched_again() {
    let servers = network::<2>().await;
    let (alice, admin) = (servers[0].register("alice").await, servers[1].register_admin("admin").await);
    let theirs = alice.upload("text/plain", "theirs").await;
    let own = admin.upload("text/plain", "own").await;
    admin.fetch(&theirs).await.ok();
    let purge = async |query: &str| admin.post(&path(&format!("purge_media_cache?{query}")), json!({})).await;
    assert_eq!(purge("before_ts=40000000000").await.ok(), json!({"deleted": 0}));
    assert_eq!(purge(&format!("before_ts={LATER_MS}")).await.ok(), json!({"deleted": 1}));
    let (_, below) = theirs.split_once("mxc://").unwrap();
    admin.get(&path(&format!("media/{below}"))).await.refused(404, "M_NOT_FOUND");
    assert_eq!(admin.fetch(&own).await.ok().bytes, b"own");
    assert_eq!(admin.fetch(&theirs).await.ok().bytes, b"theirs");
    // What is withdrawn stays, so that it is not fetched again.
    admin.post(&path(&format!("media/quarantine/{below}")), json!({})).await.ok();
    assert_eq!(purge(&format!("before_ts={LATER_MS}")).await.ok(), json!({"deleted": 0}));
    admin.fetch(&theirs).await.refused(404, "M_NOT_FOUND");
    purge("").await.refused(400, "M_MISSING_PARAM");
    purge("before_ts=1700000000").await.refused(400, "M_INVALID_PARAM");
}
