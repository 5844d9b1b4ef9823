//! `POST /_matrix/client/v3/room_keys/version`

use serde_json::json;

use super::{backup, with_backup};

const PATH: &str = "/room_keys/version";

#[tokio::test]
async fn a_new_backup_becomes_the_current_one_and_its_number_is_its_own() {
    let (server, alice) = with_backup().await;
    assert_eq!(alice.post(PATH, backup("BB")).await.ok()["version"], "2");
    alice.delete("/room_keys/version/2").await.ok();
    assert_eq!(alice.get(PATH).await.ok()["version"], "1");
    assert_eq!(alice.post(PATH, backup("CC")).await.ok()["version"], "3");
    let server = server.crash_and_restart().await;
    assert_eq!(alice.on(&server).get(PATH).await.ok()["auth_data"], backup("CC")["auth_data"]);
    for body in [json!({}), json!({"algorithm": "a"}), json!({"algorithm": "a", "auth_data": 7})] {
        alice.on(&server).post(PATH, body).await.refused(400, "M_BAD_JSON");
    }
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(backup("AA"))).await.refused(401, "M_MISSING_TOKEN");
}
