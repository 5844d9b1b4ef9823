//! One data directory, one server.

use serde_json::json;

use crate::harness::{Program, Server, free_port};

#[tokio::test]
async fn a_second_server_does_not_get_in() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let address = format!("127.0.0.1:{}", free_port("127.0.0.1"));
    let arguments = ["--config", "kith.toml", "--listen", &address];
    Program::new(server.path()).arguments(&arguments).run().failed(&["data", "running"]);
    // The first one goes on, and can still be told what to do.
    let room = alice.create_room(json!({})).await;
    alice.say(&room, "still here").await;
    let (done, output) = server.command(&["user", "create", "bob", "--password", "bob-password"]);
    assert!(done, "{output}");
}

#[tokio::test]
async fn whoever_was_killed_locks_nobody_out() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let server = server.crash_and_restart().await;
    alice.on(&server).get("/account/whoami").await.ok();
    let (done, output) = server.command(&["user", "create", "bob", "--password", "bob-password"]);
    assert!(done, "a socket left behind is no server: {output}");
}
