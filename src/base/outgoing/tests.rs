//! Outgoing requests against a small server on loopback.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

fn client(denied: &[&str], response_bytes_max: usize) -> Outgoing {
    // Another test may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Outgoing::new(&OutgoingOptions {
        denied_addresses: denied.iter().map(|range| range.parse().expect("a range")).collect(),
        extra_ca_certificates: Vec::new(),
        connect_timeout_ms: 2_000,
        request_timeout_ms: 2_000,
        response_bytes_max,
    })
    .expect("makes a client")
}

async fn get(client: &Outgoing, url: String) -> Result<OutgoingAnswer, OutgoingError> {
    client.send(OutgoingRequest::new(http::Method::GET, url)).await
}

/// Answers one request with these bytes, and says where.
async fn server(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("has an address").port();
    crate::Tasks::new().spawn("test server", async move {
        let Ok((mut stream, _)) = listener.accept().await else { return };
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        let _ = stream.write_all(answer.as_bytes()).await;
    });
    port
}

#[tokio::test]
async fn answers_are_read() {
    let port = server("HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok").await;
    let answer = get(&client(&[], 10), format!("http://127.0.0.1:{port}/")).await.expect("answers");
    assert_eq!((answer.status, &answer.body[..]), (201, &b"ok"[..]));
}

#[tokio::test]
async fn denied_addresses_are_refused_in_every_disguise() {
    let client = client(&["127.0.0.0/8", "::/127"], 10);
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "2130706433", "0x7f.1"] {
        let outcome = get(&client, format!("http://{host}:1/")).await;
        assert!(matches!(outcome, Err(OutgoingError::Denied(_))), "{host}: {outcome:?}");
    }
}

#[tokio::test]
async fn trusted_urls_may_be_anywhere() {
    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let url = format!("http://127.0.0.1:{port}/");
    let request = OutgoingRequest::new(http::Method::GET, url);
    let answer = client(&["127.0.0.0/8"], 10).send_to_trusted(request).await.expect("answers");
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let port =
        server("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
    let answer = get(&client(&[], 10), format!("http://127.0.0.1:{port}/")).await.expect("answers");
    assert_eq!(answer.status, 302);
}

#[tokio::test]
async fn answers_beyond_the_limit_are_refused() {
    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n01234567890").await;
    let outcome = get(&client(&[], 10), format!("http://127.0.0.1:{port}/")).await;
    assert!(matches!(outcome, Err(OutgoingError::TooLarge(10))), "{outcome:?}");
}

#[tokio::test]
async fn other_schemes_are_refused() {
    let outcome = get(&client(&[], 10), "file:///etc/passwd".to_owned()).await;
    assert!(matches!(outcome, Err(OutgoingError::Url(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_request_goes_where_it_is_told_and_keeps_its_name() {
    let port = server("HTTP/1.1 200 OK\r\nx-seen: yes\r\ncontent-length: 2\r\n\r\nok").await;
    let request = OutgoingRequest {
        // Nobody listens on the first.
        connect_to: vec![target("127.0.0.1", 1), target("127.0.0.1", port)],
        ..OutgoingRequest::new(http::Method::GET, "http://matrix.example/")
    };
    let answer = client(&[], 10).send(request.clone()).await.expect("answers");
    assert_eq!(answer.headers.get("x-seen").map(http::HeaderValue::as_bytes), Some(&b"yes"[..]));
    let outcome = client(&["127.0.0.0/8"], 10).send(request).await;
    assert!(matches!(outcome, Err(OutgoingError::Denied(_))), "{outcome:?}");
}

#[tokio::test]
async fn limits_of_a_request_replace_the_configured_ones() {
    // Whoever connects here is never answered.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let url = format!("http://{}/", silent.local_addr().expect("has an address"));
    let request = OutgoingRequest { timeout_ms: Some(50), ..OutgoingRequest::new(http::Method::GET, url) };
    let outcome = client(&[], 10).send(request).await;
    assert!(matches!(outcome, Err(OutgoingError::Timeout)), "{outcome:?}");

    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n0123").await;
    let url = format!("http://127.0.0.1:{port}/");
    let request =
        OutgoingRequest { response_bytes_max: Some(3), ..OutgoingRequest::new(http::Method::GET, url) };
    let outcome = client(&[], 10).send(request).await;
    assert!(matches!(outcome, Err(OutgoingError::TooLarge(3))), "{outcome:?}");
}

#[tokio::test]
async fn streams_hand_over_pieces_and_end_at_the_limit() {
    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n01234567890").await;
    let request = OutgoingRequest::new(http::Method::GET, format!("http://127.0.0.1:{port}/"));
    let answer = client(&[], 10).stream(request).await.expect("answers");
    assert_eq!(answer.status, 200);
    let pieces: Vec<_> = answer.body.collect().await;
    assert!(matches!(pieces.last(), Some(Err(OutgoingError::TooLarge(10)))), "{pieces:?}");
}

#[tokio::test]
async fn a_route_is_forgotten_with_its_last_request() {
    let routes = resolve::Routes::default();
    let first = routes.hold("a".to_owned(), vec![target("b", 1)]);
    let second = routes.hold("a".to_owned(), vec![target("b", 1)]);
    assert!(routes.hold("c".to_owned(), Vec::new()).is_none());
    drop(first);
    assert!(routes.find("a").is_some());
    drop(second);
    assert!(routes.find("a").is_none());
}

fn target(host: &str, port: u16) -> Target {
    Target { host: host.to_owned(), port }
}
