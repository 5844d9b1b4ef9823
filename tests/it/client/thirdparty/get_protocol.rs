//! `GET /_matrix/client/v3/thirdparty/protocol/{protocol}`

use serde_json::json;

use super::{THIRD_PARTY, is_for_users_only, network, protocol, queries, shown_protocol};
use crate::harness::encode;

#[tokio::test]
async fn a_protocol_is_described() {
    let (bridge, service, alice) = network().await;
    service.answer(THIRD_PARTY, |_| (200, protocol()));
    assert_eq!(alice.get("/thirdparty/protocol/irc").await.ok(), shown_protocol());
    alice.get("/thirdparty/protocol/carrier-pigeon").await.refused(404, "M_NOT_FOUND");
    assert_eq!(queries(&service, "/"), ["/protocol/irc"]);
    is_for_users_only(&bridge, "/thirdparty/protocol/irc").await;
}

#[tokio::test]
async fn its_rooms_are_found_under_the_name_it_has_in_the_directory() {
    let (bridge, service, alice) = network().await;
    service.answer(THIRD_PARTY, |_| (200, protocol()));
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let path = format!("/directory/list/appservice/libera/{}", encode(&room));
    bridge.call("PUT", &path, Some(json!({"visibility": "public"}))).await.ok();
    let described = alice.get("/thirdparty/protocol/irc").await.ok();
    let wanted = json!({"third_party_instance_id": described["instances"][0]["instance_id"]});
    let listed = alice.post("/publicRooms", wanted).await.ok();
    assert_eq!(listed["chunk"][0]["room_id"], *room);
}

#[tokio::test]
async fn nonsense_of_a_service_is_not_passed_on() {
    let (_bridge, service, alice) = network().await;
    service.answer(THIRD_PARTY, |_| (200, json!(["nonsense"])));
    alice.get("/thirdparty/protocol/irc").await.refused(404, "M_NOT_FOUND");
    service.answer(THIRD_PARTY, |_| (500, protocol()));
    alice.get("/thirdparty/protocol/irc").await.refused(404, "M_NOT_FOUND");
}
