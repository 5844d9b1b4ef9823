//! `POST /_matrix/federation/v1/publicRooms`

use serde_json::json;

use crate::{
    federation::shared::checks_signature,
    harness::{Peer, start_federating},
};

const PATH: &str = "/_matrix/federation/v1/publicRooms";

#[tokio::test]
async fn the_directory_can_be_searched() {
    let server = start_federating("127.0.0.2", "").await;
    let alice = server.register("alice").await;
    let peer = Peer::start("127.0.0.7").await;
    let published = |name: &str, kind: Option<&str>| {
        let creation = kind.map_or(json!({}), |kind| json!({"type": kind}));
        json!({"preset": "public_chat", "visibility": "public", "name": name, "creation_content": creation})
    };
    let tea = alice.create_room(published("Tea lovers", None)).await;
    let space = alice.create_room(published("Hot drinks", Some("m.space"))).await;
    let search = async |filter: serde_json::Value| {
        let answer = peer.ask(&server, "POST", PATH, Some(json!({"filter": filter}))).await.ok();
        let rooms = answer["chunk"].as_array().unwrap().iter();
        rooms.map(|room| room["room_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(search(json!({"generic_search_term": "TEA"})).await, std::slice::from_ref(&tea));
    assert_eq!(search(json!({"room_types": ["m.space"]})).await, [space]);
    assert_eq!(search(json!({"room_types": [null]})).await, [tea]);
    assert_eq!(search(json!({"generic_search_term": "coffee"})).await, [] as [String; 0]);
    peer.ask(&server, "POST", PATH, Some(json!({"limit": "ten"}))).await.refused(400, "M_BAD_JSON");
    checks_signature(&server, &peer, "POST", PATH, Some(json!({"limit": 5}))).await;
}
