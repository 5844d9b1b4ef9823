//! Files that people of one server send to people of another.

use image::ImageFormat;

use super::Pair;
use crate::harness::{Peer, media_path, picture};

#[tokio::test]
async fn a_file_of_another_server_is_seen() {
    let pair = Pair::start().await;
    let upload = "/_matrix/media/v3/upload?filename=%C3%BC%20note.txt";
    let answer = pair.alice.send_file("POST", upload, "text/plain; charset=utf-8", "0123456789").await.ok();
    let uri = answer["content_uri"].as_str().unwrap();
    let path = media_path("download", uri);
    // The first request fetches the file, and is answered with the part that it asks for all the same.
    let part = pair.bob.download_with(&path, &[("range", "bytes=2-4")]).await;
    assert_eq!((part.status, part.bytes.as_slice()), (206, &b"234"[..]));
    assert_eq!(part.header("content-range"), "bytes 2-4/10");
    let file = pair.bob.download(&path).await.ok();
    assert_eq!(file.bytes, b"0123456789");
    assert_eq!(file.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(file.header("content-disposition"), "inline; filename*=utf-8''%C3%BC%20note.txt");
    file.is_harmless();
    let renamed = pair.bob.download(&format!("{path}/other.txt")).await.ok();
    assert_eq!(renamed.header("content-disposition"), "inline; filename=other.txt");
    // What was fetched is not passed on to further servers.
    let peer = Peer::start("127.0.0.7").await;
    let id = uri.rsplit('/').next().unwrap();
    let path = format!("/_matrix/federation/v1/media/download/{id}");
    peer.download(&pair.servers[0], &path).await.ok();
    peer.download(&pair.servers[1], &path).await.refused(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn a_picture_of_another_server_has_thumbnails() {
    let pair = Pair::start().await;
    let uri = pair.alice.upload("image/png", picture(400, 200, ImageFormat::Png)).await;
    for (query, size) in [
        ("width=100&height=100", (100, 50)),
        ("width=96&height=96&method=crop", (96, 96)),
        ("width=800&height=600&method=scale", (400, 200)),
    ] {
        let path = format!("{}?{query}", media_path("thumbnail", &uri));
        let thumbnail = pair.bob.download(&path).await.ok();
        assert_eq!(thumbnail.size(), size, "{query}");
        assert!(thumbnail.header("content-type").starts_with("image/"));
        thumbnail.is_harmless();
    }
    let text = pair.alice.upload("image/png", "hello").await;
    let path = format!("{}?width=9&height=9", media_path("thumbnail", &text));
    pair.bob.download(&path).await.refused(400, "M_UNKNOWN");
}

#[tokio::test]
async fn a_file_that_is_still_to_come_is_waited_for() {
    let pair = Pair::start().await;
    let uri = pair.alice.announce().await;
    let path = media_path("download", &uri);
    pair.bob.download(&format!("{path}?timeout_ms=0")).await.refused(504, "M_NOT_YET_UPLOADED");
    let upload = format!("/_matrix/media/v3/upload/{}", uri.strip_prefix("mxc://").unwrap());
    let (file, _) =
        tokio::join!(pair.bob.download(&path), pair.alice.send_file("PUT", &upload, "text/plain", "hello"));
    assert_eq!(file.ok().bytes, b"hello");
    let unknown = format!("mxc://{}/unknown", pair.servers[0].name);
    pair.bob.fetch(&unknown).await.refused(404, "M_NOT_FOUND");
}
