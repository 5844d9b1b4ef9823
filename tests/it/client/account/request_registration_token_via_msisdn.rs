//! `POST /_matrix/client/v3/register/msisdn/requestToken`

use serde_json::json;

use crate::harness::Server;

#[tokio::test]
async fn telephone_numbers_are_not_taken() {
    let server = Server::start().await;
    let path = "/_matrix/client/v3/register/msisdn/requestToken";
    let body =
        json!({"client_secret": "s", "country": "GB", "phone_number": "07700900001", "send_attempt": 1});
    server.anonymous("POST", path, Some(body)).await.refused(403, "M_THREEPID_DENIED");
    server.anonymous("POST", path, Some(json!({}))).await.refused(400, "M_BAD_JSON");
}
