//! `DELETE /_matrix/client/v3/devices/{deviceId}`

use serde_json::{Value, json};

use super::device_ids;
use crate::harness::Server;

const PHONE: &str = "/devices/PHONE";
const FLOWS: &[&[&str]] = &[&["m.login.password"]];

#[tokio::test]
async fn a_device_goes_with_its_tokens() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    phone.is_logged_in().await;
    assert_eq!(alice.call_with_password("DELETE", PHONE, json!({})).await.ok(), json!({}));
    server.refuses_token(&phone.token).await;
    assert_eq!(device_ids(&alice).await, ["ALICEDEVICE"]);
    // That it is gone already is no failure.
    alice.call_with_password("DELETE", PHONE, json!({})).await.ok();
    let server = server.crash_and_restart().await;
    server.refuses_token(&phone.token).await;
    let alice = alice.on(&server);
    assert_eq!(device_ids(&alice).await, ["ALICEDEVICE"]);
    // One may delete the device one asks from.
    alice.call_with_password("DELETE", "/devices/ALICEDEVICE", json!({})).await.ok();
    server.refuses_token(&alice.token).await;
}

#[tokio::test]
async fn the_password_is_asked_for() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let phone = alice.log_in_again(&server, "PHONE").await;
    let delete =
        async |path: &str, auth: Value| alice.call("DELETE", path, Some(json!({"auth": auth}))).await;
    // Some clients send no body at all the first time.
    let session = alice.delete(PHONE).await.challenged(FLOWS);
    let mut wrong = alice.proof(&session);
    wrong["password"] = "wrong".into();
    delete(PHONE, wrong).await.unconvinced("M_FORBIDDEN", FLOWS);
    // Whoever shows another account's password, or nobody's, does not show who they are.
    delete(PHONE, bob.proof(&session)).await.refused(403, "M_FORBIDDEN");
    let mut nobodys = alice.proof(&session);
    nobodys["identifier"]["user"] = "nobody".into();
    delete(PHONE, nobodys).await.refused(403, "M_FORBIDDEN");
    // The session is for this device and for nobody else's use.
    delete("/devices/ALICEDEVICE", alice.proof(&session)).await.refused(403, "M_FORBIDDEN");
    bob.call("DELETE", PHONE, Some(json!({"auth": bob.proof(&session)}))).await.refused(403, "M_FORBIDDEN");
    phone.is_logged_in().await;
    delete(PHONE, alice.proof(&session)).await.ok();
    server.refuses_token(&phone.token).await;
    // Another's device is not found among one's own, and stays.
    bob.call_with_password("DELETE", "/devices/ALICEDEVICE", json!({})).await.ok();
    alice.is_logged_in().await;
    let path = format!("/_matrix/client/v3{PHONE}");
    server.anonymous("DELETE", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
