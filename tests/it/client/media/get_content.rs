//! `GET /_matrix/media/v3/download/{serverName}/{mediaId}`

use super::{ALL_IS_OLD, path};
use crate::harness::Server;

#[tokio::test]
async fn everybody_sees_what_came_before_the_freeze() {
    let server = Server::start_with(ALL_IS_OLD).await;
    let alice = server.register("alice").await;
    let uri = alice.upload("text/html", "<script>alert(1)</script>").await;
    let file = server.download(&path("download", &uri)).await.ok();
    assert_eq!(file.header("content-disposition"), "attachment");
    file.is_harmless();
    let v1 = path("download", &uri).replace("v3", "v1");
    assert_eq!(server.download(&v1).await.ok().bytes, file.bytes);
    let announced = format!("{}?timeout_ms=0", path("download", &alice.announce().await));
    server.download(&announced).await.refused(504, "M_NOT_YET_UPLOADED");
}

#[tokio::test]
async fn nobody_sees_what_came_after() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let uri = alice.upload("text/plain", "secret").await;
    server.download(&path("download", &uri)).await.refused(404, "M_NOT_FOUND");
    // A token changes nothing; there is another path for those who have one.
    alice.download(&path("download", &uri)).await.refused(404, "M_NOT_FOUND");
    // What will come after is not spoken of.
    let announced = format!("{}?timeout_ms=0", path("download", &alice.announce().await));
    server.download(&announced).await.refused(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn nothing_is_fetched_for_strangers() {
    let server = Server::start_with("[media]\nlegacy_media_before_ms = 1700000000000\n").await;
    for unknown in ["localhost/unknown", "elsewhere.example/unknown", "localhost/..%2f..%2fsigning.key"] {
        let path = format!("/_matrix/media/v3/download/{unknown}");
        server.download(&path).await.refused(404, "M_NOT_FOUND");
        server.download(&format!("{path}?allow_remote=false")).await.refused(404, "M_NOT_FOUND");
    }
    let bad = "/_matrix/media/v3/download/not%20a%20server/x";
    server.download(bad).await.refused(400, "M_INVALID_PARAM");
}
