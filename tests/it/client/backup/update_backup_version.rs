//! `PUT /_matrix/client/v3/room_keys/version/{version}`

use serde_json::json;

use super::{NOT_FOUND, backup, is_private, with_backup};

const PATH: &str = "/room_keys/version/1";

#[tokio::test]
async fn only_what_clients_need_to_know_can_change() {
    let (server, alice) = with_backup().await;
    let mut update = backup("BB");
    update["version"] = "1".into();
    alice.put(PATH, update.clone()).await.ok();
    assert_eq!(alice.get(PATH).await.ok()["auth_data"], update["auth_data"]);
    let mut other = backup("CC");
    other["algorithm"] = "other".into();
    alice.put(PATH, other).await.refused(400, "M_INVALID_PARAM");
    update["version"] = "2".into();
    alice.put(PATH, update).await.refused(400, "M_INVALID_PARAM");
    alice.put("/room_keys/version/7", backup("CC")).await.refused(404, "M_NOT_FOUND");
    alice.put(PATH, json!({"algorithm": 7})).await.refused(400, "M_BAD_JSON");
    assert_eq!(alice.get(PATH).await.ok()["auth_data"], backup("BB")["auth_data"]);
    is_private(&server, "PUT", PATH, Some(backup("DD")), NOT_FOUND).await;
}
