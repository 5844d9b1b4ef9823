//! `POST /_matrix/federation/v1/user/keys/query`

use serde_json::json;

use crate::{
    federation::shared::checks_signature,
    harness::{Peer, start_federating},
};

const PATH: &str = "/_matrix/federation/v1/user/keys/query";

#[tokio::test]
async fn keys_are_told_without_names_and_to_servers_alone() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let key = alice.publish_device(1).await;
    let (signing, _) = alice.publish_cross_signing(10).await;
    alice.put(&format!("/devices/{}", alice.device), json!({"display_name": "Work phone"})).await.ok();
    let tablet = alice.log_in_again(&server, "TABLET").await;
    tablet.publish_device(2).await;
    let nobody = format!("@nobody:{}", server.name);
    let wanted = json!({"device_keys": {&alice.id: [], &nobody: [], "@eve:elsewhere.example": []}});
    let told = peer.ask(&server, "POST", PATH, Some(wanted.clone())).await.ok();
    let devices = &told["device_keys"][&alice.id];
    assert_eq!(devices.as_object().unwrap().len(), 2, "{told}");
    assert_eq!(devices[&alice.device], key.device_keys());
    assert_eq!(
        told["device_keys"][&nobody],
        json!({}),
        "whoever does not exist looks like somebody without keys"
    );
    assert!(told["device_keys"]["@eve:elsewhere.example"].is_null(), "{told}");
    assert_eq!(told["master_keys"], json!({&alice.id: signing["master_key"]}));
    assert_eq!(told["self_signing_keys"], json!({&alice.id: signing["self_signing_key"]}));
    assert!(told["user_signing_keys"].is_null(), "this one is nobody else's business: {told}");
    let one = json!({"device_keys": {&alice.id: ["TABLET", "GONE"]}});
    let told = peer.ask(&server, "POST", PATH, Some(one)).await.ok();
    assert_eq!(told["device_keys"][&alice.id].as_object().unwrap().keys().collect::<Vec<_>>(), ["TABLET"]);
    checks_signature(&server, &peer, "POST", PATH, Some(wanted)).await;
}

#[tokio::test]
async fn names_are_told_where_the_operator_wants_it() {
    let config = "[federation]\ntell_device_names = true\n";
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", config), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    alice.publish_device(1).await;
    alice.put(&format!("/devices/{}", alice.device), json!({"display_name": "Work phone"})).await.ok();
    let told = peer.ask(&server, "POST", PATH, Some(json!({"device_keys": {&alice.id: []}}))).await.ok();
    let device = &told["device_keys"][&alice.id][&alice.device];
    assert_eq!(device["unsigned"], json!({"device_display_name": "Work phone"}));
}

#[tokio::test]
async fn bad_questions_are_refused() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let bodies = [
        json!({}),
        json!({"device_keys": 7}),
        json!({"device_keys": {"alice": []}}),
        json!({"device_keys": {"@a:b": 7}}),
    ];
    for body in bodies {
        peer.ask(&server, "POST", PATH, Some(body)).await.refused(400, "M_BAD_JSON");
    }
}
