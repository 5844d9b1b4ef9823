//! `/metrics`.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{Server, encode};

/// Samples by name with labels.
async fn samples(server: &Server) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    for line in text(server).await.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        assert!(samples.insert(name.to_owned(), value).is_none(), "twice: {line}");
    }
    samples
}

async fn text(server: &Server) -> String {
    let answer = server.http.get(format!("{}/metrics", server.base)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn requests_are_counted_by_endpoint() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(serde_json::json!({})).await;
    for _ in 0..3 {
        alice.get("/account/whoami").await.ok();
    }
    alice.get(&format!("/rooms/{}/state/m.room.nothing", encode(&room))).await.refused(404, "M_NOT_FOUND");
    alice.get("/made/up/by/somebody").await.refused(404, "M_UNRECOGNIZED");
    let samples = samples(&server).await;
    let count = |endpoint: &str, status: &str| -> f64 {
        let wanted = [format!("endpoint=\"{endpoint}\""), format!("status=\"{status}\"")];
        let is_wanted = |name: &str| {
            name.starts_with("kith_http_requests_total{") && wanted.iter().all(|label| name.contains(label))
        };
        samples.iter().filter(|(name, _)| is_wanted(name)).map(|(_, value)| value).sum()
    };
    assert_eq!(count("/_matrix/client/v3/account/whoami", "200"), 3.0, "{samples:#?}");
    assert_eq!(count("unknown", "404"), 1.0, "{samples:#?}");
    let timed = samples.keys().any(|name| {
        name.starts_with("kith_http_request_seconds_bucket{")
            && name.contains("/_matrix/client/v3/account/whoami")
    });
    assert!(timed, "{samples:#?}");
    let text = text(&server).await;
    for secret in [alice.id.as_str(), alice.token.as_str(), room.as_str(), "somebody", "m.room.nothing"] {
        assert!(!text.contains(secret), "{secret} has no place in the figures");
    }
}

#[tokio::test]
async fn process_and_storage_are_measured() {
    let server = Server::start().await;
    let samples = samples(&server).await;
    assert!(samples["process_resident_memory_bytes"] > 1e6, "{samples:#?}");
    assert!(samples["process_open_fds"] > 3.0);
    assert!(samples["process_threads"] >= 2.0);
    assert!(samples["kith_connections"] >= 1.0, "this one");
    assert!(samples.keys().any(|name| name.starts_with("kith_storage_")), "{samples:#?}");
    assert_eq!(samples["kith_storage_background_errors"], 0.0);
}

#[tokio::test]
async fn each_name_has_one_type() {
    let server = Server::start().await;
    server.register("alice").await.sync(None).await;
    let mut typed = BTreeSet::new();
    for line in text(&server).await.lines().filter(|line| line.starts_with("# TYPE ")) {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words.len(), 4, "{line}");
        assert!(["counter", "gauge", "histogram", "summary"].contains(&words[3]), "{line}");
        assert!(typed.insert(words[2].to_owned()), "twice: {line}");
    }
    assert!(
        typed.contains("kith_http_requests_total") && typed.contains("kith_http_request_seconds"),
        "{typed:?}"
    );
}
