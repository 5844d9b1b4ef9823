//! `GET /_matrix/media/v3/thumbnail/{serverName}/{mediaId}`

use image::ImageFormat;

use super::{ALL_IS_OLD, path};
use crate::harness::{Server, picture};

#[tokio::test]
async fn pictures_from_before_the_freeze_have_thumbnails() {
    let server = Server::start_with(ALL_IS_OLD).await;
    let alice = server.register("alice").await;
    let uri = alice.upload("image/png", picture(200, 100, ImageFormat::Png)).await;
    let path = path("thumbnail", &uri);
    let thumbnail = server.download(&format!("{path}?width=50&height=50")).await.ok();
    assert_eq!(thumbnail.size(), (50, 25));
    thumbnail.is_harmless();
    let v1 = path.replace("v3", "v1");
    assert_eq!(server.download(&format!("{v1}?width=50&height=50")).await.ok().bytes, thumbnail.bytes);
    server.download(&path).await.refused(400, "M_MISSING_PARAM");
    server.download(&format!("{path}?width=0&height=50")).await.refused(400, "M_INVALID_PARAM");
}

#[tokio::test]
async fn pictures_from_after_it_have_none() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let uri = alice.upload("image/png", picture(200, 100, ImageFormat::Png)).await;
    let path = path("thumbnail", &uri);
    server.download(&format!("{path}?width=50&height=50")).await.refused(404, "M_NOT_FOUND");
}
