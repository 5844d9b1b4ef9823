//! `GET /_matrix/client/unstable/org.matrix.msc4143/rtc/transports`

use serde_json::json;

use crate::harness::{Program, Server};

const PATH: &str = "/_matrix/client/unstable/org.matrix.msc4143/rtc/transports";

#[tokio::test]
async fn clients_are_told_of_the_service_for_calls() {
    let more = "public_base_url = \"https://matrix.example.org\"\n[rtc]\nlivekit_service_url = \"https://rtc.example.org/jwt\"\n";
    let server = Server::start_with(more).await;
    let alice = server.register("alice").await;
    let transports = json!([{"type": "livekit", "livekit_service_url": "https://rtc.example.org/jwt"}]);
    assert_eq!(alice.get(PATH).await.ok(), json!({"rtc_transports": transports}));
    let well_known = server.anonymous("GET", "/.well-known/matrix/client", None).await.ok();
    assert_eq!(well_known["org.matrix.msc4143.rtc_foci"], transports);
    server.anonymous("GET", PATH, None).await.refused(401, "M_MISSING_TOKEN");
    alice.post(PATH, json!({})).await.refused(405, "M_UNRECOGNIZED");
}

#[tokio::test]
async fn without_a_service_there_is_none() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    assert_eq!(alice.get(PATH).await.ok(), json!({"rtc_transports": []}));
    let set = ["--set", "rtc.livekit_service_url=rtc.example.org", "config", "check"];
    Program::new(server.path()).arguments(&set).run().failed(&["rtc.livekit_service_url"]);
}
