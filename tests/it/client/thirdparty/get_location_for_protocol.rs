//! `GET /_matrix/client/v3/thirdparty/location/{protocol}`

use serde_json::json;

use super::{THIRD_PARTY, is_for_users_only, network, queries};

#[tokio::test]
async fn a_room_is_found_by_its_fields() {
    let (bridge, service, alice) = network().await;
    let found = json!({"alias": "#_irc_tea:localhost", "protocol": "irc", "fields": {"channel": "#tea"}});
    let (answer, nonsense) = (found.clone(), json!({"protocol": "irc"}));
    service.answer(THIRD_PARTY, move |_| (200, json!([answer, nonsense])));
    let path = "/thirdparty/location/irc?channel=%23tea&network=libera";
    assert_eq!(alice.get(path).await.ok(), json!([found]));
    let asked = queries(&service, "/location/irc").remove(0);
    assert!(asked.contains("channel=%23tea") && asked.contains("network=libera"), "{asked}");
    is_for_users_only(&bridge, path).await;
}

#[tokio::test]
async fn tokens_stay_here() {
    let (bridge, service, alice) = network().await;
    service.answer(THIRD_PARTY, |_| (200, json!([])));
    let path =
        format!("/_matrix/client/v3/thirdparty/location/irc?channel=%23tea&access_token={}", alice.token);
    assert_eq!(bridge.server.anonymous("GET", &path, None).await.ok(), json!([]));
    let asked = queries(&service, "/location/irc").remove(0);
    assert!(!asked.contains("access_token") && !asked.contains(&alice.token), "{asked}");
}

#[tokio::test]
async fn unknown_protocols_and_silent_services_are_no_failure() {
    let (_bridge, service, alice) = network().await;
    alice.get("/thirdparty/location/carrier-pigeon").await.refused(404, "M_NOT_FOUND");
    // It knows no such search.
    assert_eq!(alice.get("/thirdparty/location/irc").await.ok(), json!([]));
    drop(service);
    assert_eq!(alice.get("/thirdparty/location/irc").await.ok(), json!([]));
}
