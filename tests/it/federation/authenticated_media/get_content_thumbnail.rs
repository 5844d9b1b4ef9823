//! `GET /_matrix/federation/v1/media/thumbnail/{mediaId}`

use image::ImageFormat;

use super::file_in;
use crate::{
    federation::shared::checks_signature,
    harness::{Peer, picture, start_federating},
};

fn path(uri: &str, query: &str) -> String {
    format!("/_matrix/federation/v1/media/thumbnail/{}?{query}", uri.rsplit('/').next().unwrap())
}

#[tokio::test]
async fn a_thumbnail_is_the_second_of_two_parts() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let uri = alice.upload("image/png", picture(400, 200, ImageFormat::Png)).await;
    for (query, size, ending) in [
        ("width=100&height=100", (100, 50), "jpeg"),
        ("width=96&height=96&method=crop", (96, 96), "jpeg"),
        // Nothing is enlarged.
        ("width=800&height=600&animated=true", (400, 200), "png"),
    ] {
        let file = file_in(&peer.download(&server, &path(&uri, query)).await.ok());
        let expected = format!(
            "Content-Type: image/{ending}\r\nContent-Disposition: inline; filename=thumbnail.{ending}"
        );
        assert_eq!(file.headers, expected);
        let found = image::load_from_memory(&file.bytes).unwrap();
        assert_eq!((found.width(), found.height()), size, "{query}");
    }
    checks_signature(&server, &peer, "GET", &path(&uri, "width=9&height=9"), None).await;
}

#[tokio::test]
async fn what_is_no_picture_has_no_thumbnail() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let text = alice.upload("image/png", "hello").await;
    peer.download(&server, &path(&text, "width=9&height=9")).await.refused(400, "M_UNKNOWN");
    let nothing = path("mxc://x/unknown", "width=9&height=9");
    peer.download(&server, &nothing).await.refused(404, "M_NOT_FOUND");
    for bad in ["width=0&height=9", "width=a&height=9"] {
        peer.download(&server, &path(&text, bad)).await.refused(400, "M_INVALID_PARAM");
    }
    peer.download(&server, &path(&text, "width=9")).await.refused(400, "M_MISSING_PARAM");
    let announced = alice.announce().await;
    let now = path(&announced, "width=9&height=9&timeout_ms=0");
    peer.download(&server, &now).await.refused(504, "M_NOT_YET_UPLOADED");
}
