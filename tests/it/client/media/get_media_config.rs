//! `GET /_matrix/media/v3/config`

use serde_json::json;

use crate::harness::Server;

#[tokio::test]
async fn clients_learn_how_large_uploads_may_be() {
    let server = Server::start_with("[media]\nupload_bytes_max = 12345\n").await;
    let alice = server.register("alice").await;
    for path in ["/_matrix/media/v3/config", "/_matrix/media/v1/config"] {
        assert_eq!(alice.get(path).await.ok(), json!({"m.upload.size": 12345}));
        server.anonymous("GET", path, None).await.refused(401, "M_MISSING_TOKEN");
        server.with_token("wrong", "GET", path, None).await.refused(401, "M_UNKNOWN_TOKEN");
    }
}
