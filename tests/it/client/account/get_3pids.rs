//! `GET /_matrix/client/v3/account/3pid`

use serde_json::json;

use crate::harness::Server;

const PATH: &str = "/_matrix/client/v3/account/3pid";

#[tokio::test]
async fn a_new_account_has_no_address() {
    let server = Server::start_with("[registration]\nmode = \"open\"\nguests = true\n").await;
    let alice = server.register("alice").await;
    assert_eq!(alice.get(PATH).await.ok(), json!({"threepids": []}));
    server.register_guest().await.get(PATH).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
    server.anonymous("GET", PATH, None).await.refused(401, "M_MISSING_TOKEN");
}
