//! `kith backup`: a copy that is a whole server.

use serde_json::json;

use crate::harness::{Program, Server, encode};

#[tokio::test]
async fn a_copy_holds_what_was_there() {
    let mut server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let before = alice.say(&room, "before").await;
    let file_before = alice.upload("text/plain", "a file from before").await;
    let (done, output) = server.command(&["backup", "copy"]);
    assert!(done, "{output}");
    let after = alice.say(&room, "after").await;
    let file_after = alice.upload("text/plain", "a file from after").await;
    server.terminate().await;
    let check = ["--config", "kith.toml", "--data-dir", "copy", "check"];
    Program::new(server.path()).arguments(&check).run().ok();
    // The copy in place of the original.
    let data = server.path().join("data");
    std::fs::rename(&data, server.path().join("original")).unwrap();
    std::fs::rename(server.path().join("copy"), &data).unwrap();
    let server = server.run_again().await;
    let alice = alice.on(&server);
    let path = |event: &str| format!("/rooms/{}/event/{}", encode(&room), encode(event));
    assert_eq!(alice.get(&path(&before)).await.ok()["content"]["body"], "before");
    alice.get(&path(&after)).await.refused(404, "M_NOT_FOUND");
    assert_eq!(alice.fetch(&file_before).await.ok().bytes, b"a file from before");
    alice.fetch(&file_after).await.refused(404, "M_NOT_FOUND");
    alice.say(&room, "and on it goes").await;
}

#[tokio::test]
async fn the_first_start_on_a_copy_throws_one_time_keys_away() {
    let mut server = Server::start().await;
    let alice = server.register("alice").await;
    let key = alice.publish_device(1).await;
    let keys = json!({
        "one_time_keys": {"signed_curve25519:AAAA": key.session_key("one")},
        "fallback_keys": {"signed_curve25519:F": key.session_key("last")},
    });
    alice.post("/keys/upload", keys.clone()).await.ok();
    let (done, output) = server.command(&["backup", "copy"]);
    assert!(done, "{output}");
    server.terminate().await;
    let data = server.path().join("data");
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::rename(server.path().join("copy"), &data).unwrap();
    let server = server.run_again().await;
    let alice = alice.on(&server);
    let synced = alice.sync(None).await;
    assert_eq!(synced["device_one_time_keys_count"], json!({"signed_curve25519": 0}));
    assert_eq!(synced["device_unused_fallback_key_types"], json!(["signed_curve25519"]));
    alice.post("/keys/upload", keys).await.ok();
    // Only the first start is one.
    let server = server.restart().await;
    let synced = alice.on(&server).sync(None).await;
    assert_eq!(synced["device_one_time_keys_count"], json!({"signed_curve25519": 1}));
}

#[tokio::test]
async fn nothing_is_overwritten() {
    let mut server = Server::start().await;
    std::fs::create_dir(server.path().join("copy")).unwrap();
    let (done, output) = server.command(&["backup", "copy"]);
    assert!(!done && output.contains("copy"), "{output}");
    assert_eq!(std::fs::read_dir(server.path().join("copy")).unwrap().count(), 0);
    server.terminate().await;
    let (done, output) = server.command(&["backup", "second"]);
    assert!(done, "it works without the server too: {output}");
}
