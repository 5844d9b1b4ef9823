//! `GET /_matrix/key/v2/query/{serverName}`

use crate::harness::{Peer, is_signed, start_federating};

#[tokio::test]
async fn a_notary_signs_what_another_server_published() {
    let server = start_federating("127.0.0.2", "").await;
    let peer = Peer::start("127.0.0.7").await;
    let answer = server.anonymous("GET", &format!("/_matrix/key/v2/query/{}", peer.name), None).await.ok();
    let documents = answer["server_keys"].as_array().unwrap();
    assert_eq!(documents.len(), 1);
    let document = &documents[0];
    assert_eq!(document["server_name"], peer.name.as_str());
    assert!(document["signatures"][&peer.name].is_object());
    let own = server.anonymous("GET", "/_matrix/key/v2/server", None).await.ok();
    let (key_id, key) = own["verify_keys"].as_object().unwrap().iter().next().unwrap();
    assert!(is_signed(document, &server.name, key_id, key["key"].as_str().unwrap()));
    // Known keys are told without asking again, even if their server is gone.
    let name = peer.name.clone();
    drop(peer);
    server.anonymous("GET", &format!("/_matrix/key/v2/query/{name}"), None).await.ok();
}

#[tokio::test]
async fn keys_that_nobody_knows_are_not_told() {
    let server = start_federating("127.0.0.2", "").await;
    let peer = Peer::start("127.0.0.7").await;
    peer.answer("/_matrix/key/v2/server", |_| (500, serde_json::json!({})));
    let path = format!("/_matrix/key/v2/query/{}", peer.name);
    server.anonymous("GET", &path, None).await.refused(404, "M_NOT_FOUND");
    server
        .anonymous("GET", "/_matrix/key/v2/query/not%20a%20name", None)
        .await
        .refused(400, "M_INVALID_PARAM");
}
