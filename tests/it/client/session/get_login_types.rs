//! `GET /_matrix/client/v3/login`

use serde_json::json;

use crate::harness::Server;

#[tokio::test]
async fn the_ways_to_log_in_are_told_to_everybody() {
    let server = Server::start().await;
    let answer = server.anonymous("GET", "/_matrix/client/v3/login", None).await.ok();
    let flows = answer["flows"].as_array().unwrap();
    for flow in [
        json!({"type": "m.login.password"}),
        json!({"type": "m.login.token", "get_login_token": true}),
        json!({"type": "m.login.application_service"}),
    ] {
        assert!(flows.contains(&flow), "no {flow} in {answer}");
    }
    // Clients of long ago ask under the old name.
    assert_eq!(server.anonymous("GET", "/_matrix/client/r0/login", None).await.ok(), answer);
    server.anonymous("PUT", "/_matrix/client/v3/login", None).await.refused(405, "M_UNRECOGNIZED");
}
