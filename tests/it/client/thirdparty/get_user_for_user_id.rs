//! `GET /_matrix/client/v3/thirdparty/user`

use serde_json::json;

use super::{THIRD_PARTY, is_for_users_only, network, queries};

#[tokio::test]
async fn what_it_stands_for_is_found() {
    let (bridge, service, alice) = network().await;
    let found = json!({"userid": "@_irc_bob:localhost", "protocol": "irc", "fields": {"nickname": "bob"}});
    let answer = found.clone();
    service.answer(THIRD_PARTY, move |_| (200, json!([answer])));
    let path = "/thirdparty/user?userid=%40_irc_bob%3Alocalhost";
    assert_eq!(alice.get(path).await.ok(), json!([found]));
    let asked = queries(&service, "/user").remove(0);
    assert!(asked.starts_with("/user?userid="), "{asked}");
    is_for_users_only(&bridge, path).await;
}

#[tokio::test]
async fn the_name_has_to_be_one() {
    let (_bridge, _service, alice) = network().await;
    alice.get("/thirdparty/user").await.refused(400, "M_MISSING_PARAM");
    let status = alice.get("/thirdparty/user?userid=bob").await.status;
    assert_eq!(status, 400);
}
