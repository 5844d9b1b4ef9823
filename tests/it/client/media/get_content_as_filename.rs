//! `GET /_matrix/media/v3/download/{serverName}/{mediaId}/{fileName}`

use super::{ALL_IS_OLD, path};
use crate::harness::Server;

#[tokio::test]
async fn the_path_names_the_file() {
    let server = Server::start_with(ALL_IS_OLD).await;
    let alice = server.register("alice").await;
    let path = path("download", &alice.upload("text/plain", "hello").await);
    let file = server.download(&format!("{path}/note.txt")).await.ok();
    assert_eq!(file.header("content-disposition"), "inline; filename=note.txt");
    assert_eq!(file.bytes, b"hello");
    let v1 = path.replace("v3", "v1");
    assert_eq!(server.download(&format!("{v1}/note.txt")).await.ok().bytes, b"hello");
}

#[tokio::test]
async fn nobody_sees_what_came_after_the_freeze() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let path = path("download", &alice.upload("text/plain", "hello").await);
    server.download(&format!("{path}/note.txt")).await.refused(404, "M_NOT_FOUND");
    let bad = "/_matrix/media/v3/download/not%20a%20server/x/note.txt";
    server.download(bad).await.refused(400, "M_INVALID_PARAM");
}
