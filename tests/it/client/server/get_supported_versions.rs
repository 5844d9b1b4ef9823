//! `GET /_matrix/client/versions`

use crate::harness::Server;

const PATH: &str = "/_matrix/client/versions";

#[tokio::test]
async fn every_version_is_named_in_full() {
    let server = Server::start().await;
    let answer = server.anonymous("GET", PATH, None).await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    let answer = answer.ok();
    let versions: Vec<&str> =
        answer["versions"].as_array().unwrap().iter().map(|version| version.as_str().unwrap()).collect();
    let mut expected = vec!["r0.6.1".to_owned()];
    expected.extend((1..=19).map(|minor| format!("v1.{minor}")));
    assert_eq!(versions, expected);
    let features = answer["unstable_features"].as_object().unwrap();
    assert!(features.values().all(serde_json::Value::is_boolean), "{features:?}");
    assert_eq!(features["uk.tcpip.msc4133.stable"], true);
    // Clients that are logged in ask with their token.
    let alice = server.register("alice").await;
    assert_eq!(alice.get(PATH).await.ok(), answer);
}

#[tokio::test]
async fn other_methods_are_not_known_and_browsers_may_ask() {
    let server = Server::start().await;
    server.anonymous("POST", PATH, None).await.refused(405, "M_UNRECOGNIZED");
    server.anonymous("GET", "/_matrix/client/version", None).await.refused(404, "M_UNRECOGNIZED");
    let asked = server.anonymous("OPTIONS", PATH, None).await;
    assert!(asked.status < 300, "{asked:?}");
    assert_eq!(asked.headers["access-control-allow-origin"], "*");
    let methods = asked.headers["access-control-allow-methods"].to_str().unwrap().to_owned();
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        assert!(methods.contains(method), "{method} in {methods}");
    }
    let headers = asked.headers["access-control-allow-headers"].to_str().unwrap().to_ascii_lowercase();
    for header in ["authorization", "content-type", "x-requested-with"] {
        assert!(headers.contains(header), "{header} in {headers}");
    }
}
