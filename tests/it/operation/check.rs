//! `kith check`: silent about good data, loud about bad.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::{Server, encode};

/// A server that has ended, with some data in its files.
async fn stopped() -> Server {
    let mut server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"preset": "public_chat", "room_alias_name": "tea"})).await;
    bob.join(&room).await.ok();
    for number in 0..30 {
        let event = alice.say(&room, &format!("message {number}")).await;
        let path = format!("/rooms/{}/receipt/m.read/{}", encode(&room), encode(&event));
        bob.post(&path, json!({})).await.ok();
    }
    bob.post(&format!("/rooms/{}/leave", encode(&room)), json!({})).await.ok();
    server.terminate().await;
    server
}

fn database(server: &Server) -> PathBuf {
    server.path().join("data/database")
}

/// The files of the storage engine with this ending, the largest first.
fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    files.sort_by_key(|path| std::cmp::Reverse(std::fs::metadata(path).unwrap().len()));
    files
}

#[track_caller]
fn loud(server: &Server) {
    let (clean, output) = server.command(&["check"]);
    assert!(!clean, "damage goes unnoticed: {output}");
    assert!(!output.contains("panicked"), "{output}");
    assert!(output.contains("kith:"), "{output}");
}

#[tokio::test]
async fn good_data_is_clean() {
    let server = stopped().await;
    let (clean, output) = server.command(&["check"]);
    assert!(clean, "{output}");
    assert!(!output.trim().is_empty(), "it says what it looked at");
    // Checking changes nothing.
    let (clean, output) = server.command(&["check"]);
    assert!(clean, "{output}");
    server.run_again().await;
}

#[tokio::test]
async fn a_running_server_is_not_disturbed() {
    let server = Server::start().await;
    let (done, output) = server.command(&["check"]);
    assert!(!done && output.contains("running"), "{output}");
    server.anonymous("GET", "/_kith/health", None).await.ok();
}

#[tokio::test]
async fn flipped_bits_are_found() {
    let server = stopped().await;
    let tables = files(&database(&server), ".sst");
    assert!(!tables.is_empty(), "an orderly end leaves tables");
    for path in tables {
        let good = std::fs::read(&path).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 3;
        bad[middle] ^= 0x10;
        std::fs::write(&path, &bad).unwrap();
        loud(&server);
        std::fs::write(&path, &good).unwrap();
    }
    let (clean, output) = server.command(&["check"]);
    assert!(clean, "{output}");
}

#[tokio::test]
async fn missing_files_are_found() {
    let server = stopped().await;
    for ending in [".sst", "CURRENT"] {
        let path = files(&database(&server), ending).swap_remove(0);
        let aside = path.with_extension("aside");
        std::fs::rename(&path, &aside).unwrap();
        loud(&server);
        std::fs::rename(&aside, &path).unwrap();
    }
}

#[tokio::test]
async fn a_key_that_is_no_key_is_found() {
    let server = stopped().await;
    std::fs::write(server.path().join("data/signing.key"), "not a key\n").unwrap();
    loud(&server);
}

/// The blobs of a server.
fn blobs(server: &Server) -> Vec<PathBuf> {
    let directories = std::fs::read_dir(server.path().join("data/media")).unwrap();
    let directories =
        directories.map(|entry| entry.unwrap().path()).filter(|path| !path.ends_with("incoming"));
    directories.flat_map(|path| std::fs::read_dir(path).unwrap()).map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn damaged_and_missing_files_are_found() {
    let mut server = Server::start().await;
    let alice = server.register("alice").await;
    for _ in 0..2 {
        alice.upload("text/plain", "the same bytes").await;
    }
    server.terminate().await;
    let (clean, output) = server.command(&["check"]);
    assert!(clean && output.contains("2 files of media in 1 blobs"), "{output}");
    let [blob] = &blobs(&server)[..] else { panic!("equal bytes are one blob") };
    std::fs::write(blob, "the same bytez").unwrap();
    let (clean, output) = server.command(&["check"]);
    assert!(!clean && output.contains("has other bytes than it had"), "{output}");
    std::fs::write(blob, "short").unwrap();
    let (clean, output) = server.command(&["check"]);
    assert!(!clean && output.contains("has 5 bytes, not 14"), "{output}");
    std::fs::remove_file(blob).unwrap();
    let (clean, output) = server.command(&["check"]);
    assert!(!clean && output.contains("is missing"), "{output}");
}
