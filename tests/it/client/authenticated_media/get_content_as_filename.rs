//! `GET /_matrix/client/v1/media/download/{serverName}/{mediaId}/{fileName}`

use crate::harness::{Server, encode, media_path};

#[tokio::test]
async fn the_path_names_the_file() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let uri = alice.upload("text/plain", "hello").await;
    let path = media_path("download", &uri);
    for (name, disposition) in [
        ("note.txt", "inline; filename=note.txt"),
        ("a note.txt", "inline; filename=\"a note.txt\""),
        ("grüße.txt", "inline; filename*=utf-8''gr%C3%BC%C3%9Fe.txt"),
    ] {
        let file = alice.download(&format!("{path}/{}", encode(name))).await.ok();
        assert_eq!(file.header("content-disposition"), disposition);
        assert_eq!(file.bytes, b"hello");
        file.is_harmless();
    }
}

#[tokio::test]
async fn a_name_cannot_leave_its_header() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let path = media_path("download", &alice.upload("text/html", "hello").await);
    for hostile in ["a\r\nset-cookie: x=y", "a\"; filename=b.html", "../../a", "a\0b", "a;b"] {
        let file = alice.download(&format!("{path}/{}", encode(hostile))).await.ok();
        assert_eq!(file.header("set-cookie"), "");
        let disposition = file.header("content-disposition");
        assert!(disposition.starts_with("attachment; filename"), "{disposition}");
        file.is_harmless();
    }
}

#[tokio::test]
async fn files_are_for_those_who_are_logged_in() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let path = media_path("download", &alice.upload("text/plain", "hello").await);
    server.download(&format!("{path}/note.txt")).await.refused(401, "M_MISSING_TOKEN");
    let unknown = media_path("download", "mxc://localhost/unknown");
    alice.download(&format!("{unknown}/note.txt")).await.refused(404, "M_NOT_FOUND");
    let bad = "/_matrix/client/v1/media/download/not%20a%20server/x/note.txt";
    alice.download(bad).await.refused(400, "M_INVALID_PARAM");
}
