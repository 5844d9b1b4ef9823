//! `GET /_matrix/federation/v1/media/download/{mediaId}`

use super::file_in;
use crate::{
    federation::shared::checks_signature,
    harness::{Peer, Server, User, start_federating},
};

async fn start() -> (Server, User, Peer) {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    (server, alice, peer)
}

fn path(uri: &str) -> String {
    format!("/_matrix/federation/v1/media/download/{}", uri.rsplit('/').next().unwrap())
}

#[tokio::test]
async fn a_file_is_the_second_of_two_parts() {
    let (server, alice, peer) = start().await;
    for (name, content_type, bytes, headers) in [
        (
            "?filename=a%20note.txt",
            "text/plain; charset=utf-8",
            b"hello".as_slice(),
            "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: inline; filename=\"a note.txt\"",
        ),
        (
            "?filename=%C3%BC.png",
            "image/png",
            b"\r\n--\r\n\r\n",
            "Content-Type: image/png\r\nContent-Disposition: inline; filename*=utf-8''%C3%BC.png",
        ),
        ("", "text/html", b"", "Content-Type: text/html\r\nContent-Disposition: attachment"),
        ("", "nonsense", b"x", "Content-Type: application/octet-stream\r\nContent-Disposition: attachment"),
    ] {
        let upload = format!("/_matrix/media/v3/upload{name}");
        let answer = alice.send_file("POST", &upload, content_type, bytes).await.ok();
        let path = path(answer["content_uri"].as_str().unwrap());
        let file = file_in(&peer.download(&server, &path).await.ok());
        assert_eq!(file.headers, headers);
        assert_eq!(file.bytes, bytes);
    }
    let path = path(&alice.upload("text/plain", "hello").await);
    checks_signature(&server, &peer, "GET", &path, None).await;
}

#[tokio::test]
async fn what_is_announced_is_waited_for() {
    let (server, alice, peer) = start().await;
    let uri = alice.announce().await;
    let now = format!("{}?timeout_ms=0", path(&uri));
    peer.download(&server, &now).await.refused(504, "M_NOT_YET_UPLOADED");
    let upload = format!("/_matrix/media/v3/upload/{}", uri.strip_prefix("mxc://").unwrap());
    let path = path(&uri);
    let (file, _) =
        tokio::join!(peer.download(&server, &path), alice.send_file("PUT", &upload, "text/plain", "hello"));
    assert_eq!(file_in(&file.ok()).bytes, b"hello");
}

#[tokio::test]
async fn what_is_not_here_is_not_given() {
    let (server, _alice, peer) = start().await;
    for unknown in ["unknown", "..%2fsigning.key", "%00", &"x".repeat(300)] {
        let path = format!("/_matrix/federation/v1/media/download/{unknown}");
        peer.download(&server, &path).await.refused(404, "M_NOT_FOUND");
    }
    let bad = "/_matrix/federation/v1/media/download/unknown?timeout_ms=soon";
    peer.download(&server, bad).await.refused(400, "M_INVALID_PARAM");
}
