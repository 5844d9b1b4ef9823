//! Listeners as a client meets them: over real sockets, with a router that answers a few paths.

use super::{accept, bind};
use axum::Router;
use axum::extract::Request;
use axum::routing::get;
use kith_api_common::ClientAddress;
use kith_base::{Clock, Tasks};
use kith_config::{Config, Limits, Listener, Service};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Running {
    tasks: Tasks,
    addresses: Vec<SocketAddr>,
}

/// Listens on free ports with these services and limits.
fn start(listeners: &[&[Service]], limits: Limits) -> Running {
    let listener = |serves: &&[Service]| Listener {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        serves: serves.to_vec(),
        ..Listener::default()
    };
    let config = Config { listeners: listeners.iter().map(listener).collect(), limits, ..Config::default() };
    let bound = bind(&config).expect("free ports");
    let addresses = bound.iter().map(super::Bound::local_address).collect();
    let tasks = Tasks::new();
    accept(bound, router(&tasks), &config.limits, &Clock::system(), &tasks);
    Running { tasks, addresses }
}

fn router(tasks: &Tasks) -> Router {
    let stopping = tasks.stopping();
    let wait = move || async move {
        stopping.cancelled().await;
        "stopped"
    };
    let address = |request: Request| async move {
        request.extensions().get::<ClientAddress>().map_or_else(String::new, |address| address.0.to_string())
    };
    Router::new()
        .route("/address", get(address))
        .route("/wait", get(wait))
        .route("/panic", get(break_down))
        .route("/metrics", get(|| async { "figures" }))
}

async fn break_down() -> &'static str {
    panic!("on purpose")
}

/// Sends text over a new connection and reads until the server closes it.
async fn exchange(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(text.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    let reading = tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut answer));
    reading.await.expect("the server closes in time").expect("read");
    answer
}

fn request(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 192.0.2.1\r\nconnection: close\r\n\r\n"
    )
}

#[tokio::test]
async fn a_request_is_answered_with_its_clients_address() {
    let running = start(&[&[Service::Client]], Limits::default());
    let answer = exchange(running.addresses[0], &request("/address")).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("192.0.2.1"), "{answer}");
}

#[tokio::test]
async fn a_listener_hides_what_it_does_not_serve() {
    let running = start(&[&[Service::Client], &[Service::Metrics]], Limits::default());
    let check = async |listener: usize, path: &str, expected: &str| {
        let answer = exchange(running.addresses[listener], &request(path)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{path} on {listener}: {answer}");
    };
    check(0, "/address", "200").await;
    check(0, "/metrics", "404").await;
    check(1, "/address", "404").await;
    check(1, "/metrics", "200").await;
}

#[tokio::test]
async fn a_bug_in_one_request_harms_no_other() {
    let running = start(&[&[Service::Client]], Limits::default());
    let answer = exchange(running.addresses[0], &request("/panic")).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    let answer = exchange(running.addresses[0], &request("/address")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn slow_headers_end_the_connection() {
    let limits = Limits { header_timeout_ms: 200, ..Limits::default() };
    let running = start(&[&[Service::Client]], limits);
    for beginning in ["", "P", "GET /address HTTP/1.1\r\nhost: localhost\r\nx-slow: "] {
        // It returns when the server closes; what was said before does not matter.
        exchange(running.addresses[0], beginning).await;
    }
}

#[tokio::test]
async fn headers_have_a_size_limit() {
    let running = start(&[&[Service::Client]], Limits { header_bytes_max: 8_192, ..Limits::default() });
    let text = request("/address").replace("192.0.2.1", &"1".repeat(20_000));
    let answer = exchange(running.addresses[0], &text).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn more_connections_than_allowed_wait_their_turn() {
    let limits = Limits { connections_max: 1, header_timeout_ms: 300, ..Limits::default() };
    let running = start(&[&[Service::Client]], limits);
    let mut idle = TcpStream::connect(running.addresses[0]).await.expect("connected");
    idle.write_all(b"GET /").await.expect("sent");
    // Served once the idle one has been given up.
    let answer = exchange(running.addresses[0], &request("/address")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn stopping_answers_what_waits_and_takes_nothing_new() {
    let running = start(&[&[Service::Client]], Limits::default());
    let address = running.addresses[0];
    let waiting =
        tokio::task::JoinSet::from_iter([exchange(address, "GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(running.tasks.stop(Duration::from_secs(5)).await, "every connection ends");
    let answers = waiting.join_all().await;
    assert!(answers[0].starts_with("HTTP/1.1 200") && answers[0].ends_with("stopped"), "{answers:?}");
    assert!(TcpStream::connect(address).await.is_err(), "the socket is closed");
}
