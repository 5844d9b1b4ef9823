//! The first start, and what the server says about it.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Program, Server, free_port, http_client, send};

/// A server on an empty directory is ready after this long, however busy the machine that tests run on.
const READY_TIME_MAX: Duration = Duration::from_secs(10);

#[tokio::test]
async fn an_empty_directory_is_enough() {
    let started = Instant::now();
    let server = Server::start().await;
    assert!(started.elapsed() < READY_TIME_MAX, "ready after {:?}", started.elapsed());
    server.wait_for_log("Stop the server").await;
    let log = server.log();
    for part in
        ["Kith", "localhost", "data", "(made now)", "listening", "registration", &server.port.to_string()]
    {
        assert!(log.contains(part), "the server does not say {part:?}:\n{log}");
    }
    let server = server.restart().await;
    assert!(!server.log().contains("(made now)"), "{}", server.log());
}

#[tokio::test]
async fn no_configuration_is_enough() {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port("127.0.0.1"));
    let mut running = Program::new(directory.path()).arguments(&["--listen", &address]).start();
    let (http, base) = (http_client(), format!("http://{address}"));
    let deadline = Instant::now() + READY_TIME_MAX;
    while http.get(format!("{base}/_kith/health")).send().await.is_err() {
        assert!(!running.has_ended() && Instant::now() < deadline, "the server does not start");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    // Whoever sits at the machine may register.
    let body = json!({"username": "alice", "password": "a good password", "auth": {"type": "m.login.dummy"}});
    send(&http, &base, "POST", "/_matrix/client/v3/register", None, Some(body)).await.ok();
    assert!(directory.path().join("kith-data").is_dir());
}

#[tokio::test]
async fn a_port_in_use_is_named_and_leaves_nothing_behind() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    Program::new(directory.path()).arguments(&["--listen", &address]).run().failed(&[&address]);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn data_belongs_to_one_server_name() {
    let mut server = Server::start().await;
    server.terminate().await;
    let arguments = ["--config", "kith.toml", "--server-name", "other.example"];
    Program::new(server.path()).arguments(&arguments).run().failed(&["localhost", "other.example"]);
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "in the way").unwrap();
    let address = format!("127.0.0.1:{}", free_port("127.0.0.1"));
    let arguments = ["--listen", &address, "--data-dir", "file/data"];
    Program::new(directory.path()).arguments(&arguments).run().failed(&["file/data"]);
}
