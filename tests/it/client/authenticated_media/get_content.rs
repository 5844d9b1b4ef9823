//! `GET /_matrix/client/v1/media/download/{serverName}/{mediaId}`

use futures_util::stream;
use serde_json::json;

use crate::harness::{Connection, Server, media_path};

#[tokio::test]
async fn files_are_for_those_who_are_logged_in() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let named = "/_matrix/media/v3/upload?filename=a%20note.txt";
    let answer = alice.send_file("POST", named, "text/plain; charset=utf-8", "hello").await.ok();
    let uri = answer["content_uri"].as_str().unwrap();
    let file = bob.fetch(uri).await.ok();
    assert_eq!(file.bytes, b"hello");
    assert_eq!(file.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(file.header("content-disposition"), "inline; filename=\"a note.txt\"");
    assert_eq!(file.header("content-length"), "5");
    assert_eq!(file.header("accept-ranges"), "bytes");
    assert_eq!(file.header("access-control-allow-origin"), "*");
    file.is_harmless();
    let path = media_path("download", uri);
    server.download(&path).await.refused(401, "M_MISSING_TOKEN");
    server.with_token("wrong", "GET", &path, None).await.refused(401, "M_UNKNOWN_TOKEN");
    alice.post("/logout", json!({})).await.ok();
    alice.fetch(uri).await.refused(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test]
async fn what_browsers_would_run_is_saved() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for (declared, served, disposition) in [
        ("image/png", "image/png", "inline"),
        ("video/mp4", "video/mp4", "inline"),
        ("application/json", "application/json", "inline"),
        ("text/plain", "text/plain", "inline"),
        ("text/html", "text/html", "attachment"),
        ("TEXT/HTML; charset=utf-8", "TEXT/HTML; charset=utf-8", "attachment"),
        ("application/xhtml+xml", "application/xhtml+xml", "attachment"),
        ("image/svg+xml", "image/svg+xml", "attachment"),
        ("text/xml", "text/xml", "attachment"),
        ("application/javascript", "application/javascript", "attachment"),
        ("text/javascript", "text/javascript", "attachment"),
        ("application/pdf", "application/pdf", "attachment"),
        ("application/x-shockwave-flash", "application/x-shockwave-flash", "attachment"),
        ("multipart/x-mixed-replace; boundary=x", "multipart/x-mixed-replace; boundary=x", "attachment"),
        ("image/png, text/html", "application/octet-stream", "attachment"),
        ("image/png; a=b, text/html", "application/octet-stream", "attachment"),
        ("nonsense", "application/octet-stream", "attachment"),
        ("", "application/octet-stream", "attachment"),
    ] {
        let uri = alice.upload(declared, "<script>alert(1)</script>").await;
        let file = alice.fetch(&uri).await.ok();
        let found = (file.header("content-type"), file.header("content-disposition"));
        assert_eq!(found, (served, disposition), "{declared:?}");
        file.is_harmless();
    }
}

#[tokio::test]
async fn parts_are_served() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let uri = alice.upload("video/mp4", "0123456789").await;
    let path = media_path("download", &uri);
    for (range, bytes, said) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=4-", "456789", "bytes 4-9/10"),
        ("bytes=9-99", "9", "bytes 9-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
    ] {
        let part = alice.download_with(&path, &[("range", range)]).await;
        assert_eq!(part.status, 206, "{range}");
        assert_eq!(part.bytes, bytes.as_bytes(), "{range}");
        assert_eq!(part.header("content-range"), said);
        assert_eq!(part.header("content-length"), bytes.len().to_string());
        part.is_harmless();
    }
    let beyond = alice.download_with(&path, &[("range", "bytes=10-")]).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */10"));
    // What cannot be understood, or asks for several parts, is answered with the whole.
    for range in ["bytes=3-1", "lines=1-2", "bytes=0-1,4-5"] {
        let whole = alice.download_with(&path, &[("range", range)]).await.ok();
        assert_eq!(whole.bytes, b"0123456789", "{range}");
    }
    let tag = alice.fetch(&uri).await.ok().header("etag").to_owned();
    let same = alice.download_with(&path, &[("if-none-match", &tag)]).await;
    assert_eq!((same.status, same.bytes.as_slice()), (304, &b""[..]));
    let part = alice.download_with(&path, &[("range", "bytes=0-0"), ("if-range", &tag)]).await;
    assert_eq!(part.status, 206);
    alice.download_with(&path, &[("range", "bytes=0-0"), ("if-range", "\"other\"")]).await.ok();
}

#[tokio::test]
async fn ids_are_no_paths() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let uri = alice.upload("text/plain", "hello").await;
    let id = uri.strip_prefix("mxc://localhost/").unwrap();
    for hostile in [
        "..%2f..%2fsigning.key",
        "%2e%2e%2f%2e%2e%2fsigning.key",
        "..%5c..%5csigning.key",
        "%2fetc%2fpasswd",
        "%00",
        "a%00b",
        &format!("{id}%00"),
        &format!(".%2f{id}"),
        &format!("{id}%20"),
        &"x".repeat(256),
    ] {
        let path = format!("/_matrix/client/v1/media/download/localhost/{hostile}");
        alice.download(&path).await.refused(404, "M_NOT_FOUND");
        let thumbnail = format!("/_matrix/client/v1/media/thumbnail/localhost/{hostile}?width=9&height=9");
        alice.download(&thumbnail).await.refused(404, "M_NOT_FOUND");
    }
    // Clients' libraries tidy such paths up.
    let mut connection = Connection::open(&server).await;
    for hostile in ["../../signing.key", "localhost/../../../../etc/passwd", "localhost//etc/passwd"] {
        let head = format!(
            "GET /_matrix/client/v1/media/download/{hostile} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
            alice.token
        );
        connection.send(head).await;
        let answer = connection.answer().await;
        answer.is_sound();
        assert!(answer.status >= 400, "{hostile} answered {}", answer.body);
    }
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    alice.fetch("mxc://localhost/unknown").await.refused(404, "M_NOT_FOUND");
    alice.fetch("mxc://not%20a%20server/x").await.refused(400, "M_INVALID_PARAM");
    // A server that must not be connected to, as none on this machine may be.
    alice.fetch("mxc://127.0.0.1:1/x").await.refused(502, "M_UNKNOWN");
    let bad = format!("{}?timeout_ms=soon", media_path("download", "mxc://localhost/x"));
    alice.download(&bad).await.refused(400, "M_INVALID_PARAM");
}

const CHUNK_BYTES: usize = 1 << 20;
const CHUNKS: usize = 64;
/// How much more memory the server may take for a file of 64 MB: far less than the file.
const MORE_MEMORY_KIB_MAX: u64 = 32 * 1024;

/// The bytes of a large file, of which no two pages are the same.
fn chunk(number: usize) -> Vec<u8> {
    let start = number * CHUNK_BYTES;
    (start..start + CHUNK_BYTES).map(|place| (place.wrapping_mul(2_654_435_761) >> 13 & 0xff) as u8).collect()
}

/// A line of `/proc/<pid>/status`, in KiB.
fn memory_kib(server: &Server, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn large_files_pass_through_without_being_held() {
    let server = Server::start_with("[media]\nupload_bytes_max = 100000000\n").await;
    let alice = server.register("alice").await;
    // What everybody's first file costs.
    let first = alice.upload("video/mp4", vec![1; CHUNK_BYTES]).await;
    alice.fetch(&first).await.ok();
    let before_kib = memory_kib(&server, "VmRSS");
    let chunks = stream::iter(0..CHUNKS);
    let body = futures_util::StreamExt::map(chunks, |number| Ok::<_, std::io::Error>(chunk(number)));
    let uri = alice.upload("video/mp4", reqwest::Body::wrap_stream(body)).await;
    let mut response = alice.stream(&uri).await;
    assert_eq!(response.content_length(), Some((CHUNK_BYTES * CHUNKS) as u64));
    let (mut read, mut expected) = (0, Vec::new());
    while let Some(bytes) = response.chunk().await.unwrap() {
        for byte in &bytes[..] {
            if read % CHUNK_BYTES == 0 {
                expected = chunk(read / CHUNK_BYTES);
            }
            assert!(*byte == expected[read % CHUNK_BYTES], "byte {read} differs");
            read += 1;
        }
    }
    assert_eq!(read, CHUNK_BYTES * CHUNKS);
    let more_kib = memory_kib(&server, "VmHWM").saturating_sub(before_kib);
    assert!(more_kib < MORE_MEMORY_KIB_MAX, "{more_kib} KiB more");
}
