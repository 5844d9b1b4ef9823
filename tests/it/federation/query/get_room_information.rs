//! `GET /_matrix/federation/v1/query/directory`

use serde_json::json;

use crate::{
    federation::shared::checks_signature,
    harness::{Peer, encode, start_federating},
};

#[tokio::test]
async fn an_alias_leads_to_its_room() {
    let server = start_federating("127.0.0.2", "").await;
    let alice = server.register("alice").await;
    let peer = Peer::start("127.0.0.7").await;
    let room = alice.create_room(json!({"room_alias_name": "tea"})).await;
    let query = async |alias: &str| {
        peer.get(&server, &format!("/_matrix/federation/v1/query/directory?room_alias={}", encode(alias)))
            .await
    };
    let answer = query(&format!("#tea:{}", server.name)).await.ok();
    assert_eq!(answer, json!({"room_id": room, "servers": [server.name]}));
    query(&format!("#coffee:{}", server.name)).await.refused(404, "M_NOT_FOUND");
    query("#tea:elsewhere.example").await.refused(404, "M_NOT_FOUND");
    query("tea").await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/federation/v1/query/directory?room_alias={}", encode("#x:y"));
    checks_signature(&server, &peer, "GET", &path, None).await;
}
