//! `POST /_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device/{deviceId}/events`

use serde_json::json;

use super::{PATH, device};
use crate::harness::Server;

#[tokio::test]
async fn messages_are_handed_out_in_parts_and_stay() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    alice.put(PATH, device(&alice, "dry", 1)).await.ok();
    for number in 0..120 {
        let body = json!({"messages": {&alice.id: {"dry": {"number": number}}}});
        bob.put(&format!("/sendToDevice/m.test/t{number}"), body).await.ok();
    }
    let path = format!("{PATH}/dry/events");
    for _ in 0..2 {
        let (mut found, mut body) = (Vec::new(), json!({}));
        loop {
            let answer = alice.post(&path, body).await.ok();
            let events = answer["events"].as_array().unwrap();
            if events.is_empty() {
                break;
            }
            assert!(events.len() <= 100);
            found.extend(events.iter().map(|event| event["content"]["number"].as_u64().unwrap()));
            body = json!({"next_batch": answer["next_batch"]});
        }
        assert_eq!(found, (0..120).collect::<Vec<_>>());
    }
    alice.post(&format!("{PATH}/ALICEDEVICE/events"), json!({})).await.refused(403, "M_FORBIDDEN");
    bob.post(&path, json!({})).await.refused(403, "M_FORBIDDEN");
    alice.post(&path, json!({"next_batch": "x"})).await.refused(400, "M_INVALID_PARAM");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
