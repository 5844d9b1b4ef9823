//! `POST /_matrix/client/v3/keys/signatures/upload`

use serde_json::json;

use super::{cross_signing, names, upload_cross_signing};
use crate::harness::Server;

const PATH: &str = "/keys/signatures/upload";

#[tokio::test]
async fn signatures_are_seen_by_those_they_are_for() {
    let server = Server::start().await;
    let (alice, bob, carol) =
        (server.register("alice").await, server.register("bob").await, server.register("carol").await);
    let device = alice.publish_device(1).await;
    let (master, own, others, body) = cross_signing(&alice, 10);
    upload_cross_signing(&alice, body.clone()).await.ok();
    let (bobs_master, _, _, bobs) = cross_signing(&bob, 20);
    upload_cross_signing(&bob, bobs.clone()).await.ok();
    let since = alice.now().await;
    let signed = json!({
        &alice.id: {
            &alice.device: own.sign(device.device_keys()),
            master.public(): device.sign(body["master_key"].clone()),
        },
        &bob.id: {bobs_master.public(): others.sign(bobs["master_key"].clone())},
    });
    assert_eq!(alice.post(PATH, signed).await.ok(), json!({"failures": {}}));
    let server = server.restart().await;
    let (alice, carol) = (alice.on(&server), carol.on(&server));
    for viewer in [&alice, &carol] {
        let seen = viewer.keys_of(&alice.id).await;
        let by = &seen["device_keys"][&alice.id][&alice.device]["signatures"][&alice.id];
        assert!(by[own.id()].is_string() && by[device.id()].is_string(), "{seen}");
        assert!(seen["master_keys"][&alice.id]["signatures"][&alice.id][device.id()].is_string(), "{seen}");
    }
    // That Alice vouches for Bob is nobody's business but hers.
    let seen = alice.keys_of(&bob.id).await;
    assert!(seen["master_keys"][&bob.id]["signatures"][&alice.id][others.id()].is_string(), "{seen}");
    let seen = carol.keys_of(&bob.id).await;
    assert!(seen["master_keys"][&bob.id]["signatures"].is_null(), "{seen}");
    let synced = alice.sync(Some(&since)).await;
    assert_eq!(names(&synced["device_lists"]["changed"]), [alice.id.clone(), bob.id.clone()]);
}

#[tokio::test]
async fn wrong_signatures_are_named() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let device = alice.publish_device(1).await;
    let (_, own, others, body) = cross_signing(&alice, 10);
    upload_cross_signing(&alice, body).await.ok();
    let (bobs_master, _, _, bobs) = cross_signing(&bob, 20);
    upload_cross_signing(&bob, bobs.clone()).await.ok();
    let mut changed = device.device_keys();
    changed["algorithms"] = json!(["m.other"]);
    let failure = async |user: &str, key: &str, object: serde_json::Value| {
        let answer = alice.post(PATH, json!({user: {key: object}})).await.ok();
        answer["failures"][user][key]["errcode"].as_str().unwrap().to_owned()
    };
    let device_id = alice.device.as_str();
    assert_eq!(failure(&alice.id, device_id, others.sign(device.device_keys())).await, "M_INVALID_SIGNATURE");
    assert_eq!(failure(&alice.id, device_id, own.sign(changed)).await, "M_INVALID_PARAM");
    assert_eq!(failure(&alice.id, "NONE", own.sign(device.device_keys())).await, "M_NOT_FOUND");
    let bobs_key = bobs_master.public();
    assert_eq!(
        failure(&bob.id, &bobs_key, own.sign(bobs["master_key"].clone())).await,
        "M_INVALID_SIGNATURE"
    );
    assert_eq!(failure(&bob.id, "x", others.sign(bobs["master_key"].clone())).await, "M_NOT_FOUND");
    let seen = alice.keys_of(&bob.id).await;
    assert!(seen["master_keys"][&bob.id]["signatures"].is_null(), "{seen}");
    alice.post(PATH, json!({"x": {}})).await.refused(400, "M_BAD_JSON");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
