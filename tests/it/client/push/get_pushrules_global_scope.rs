//! `GET /_matrix/client/v3/pushrules/global/`

use crate::harness::Server;

#[tokio::test]
async fn the_global_scope_is_all_there_is() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let all = alice.get("/pushrules/").await.ok();
    let global = alice.get("/pushrules/global/").await.ok();
    assert_eq!(all["global"], global);
    assert_eq!(global["override"][0]["rule_id"], ".m.rule.master");
    alice.get("/pushrules/device/").await.refused(404, "M_UNRECOGNIZED");
    server
        .anonymous("GET", "/_matrix/client/v3/pushrules/global/", None)
        .await
        .refused(401, "M_MISSING_TOKEN");
}
