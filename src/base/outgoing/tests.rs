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
    client
        .send(OutgoingRequest { method: http::Method::GET, url, headers: Vec::new(), body: Vec::new() })
        .await
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
    let request = OutgoingRequest { method: http::Method::GET, url, headers: Vec::new(), body: Vec::new() };
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
