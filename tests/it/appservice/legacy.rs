//! Services from before version 1 of the API.
//! <https://spec.matrix.org/v1.19/application-service-api/#legacy-routes>

use serde_json::json;

use crate::harness::{Bridge, Server, Service, eventually};

#[tokio::test]
async fn an_old_service_finds_the_token_in_the_query_if_the_operator_says_so() {
    let service = Service::start().await;
    // It knows only the paths of before.
    service.answer("/_matrix/app/v1/transactions/", |_| {
        (404, json!({"errcode": "M_UNRECOGNIZED", "error": "what?"}))
    });
    service.answer("/transactions/", |_| (200, json!({})));
    let old = Bridge::around(&service, async |section| {
        Server::start_with(&format!("{section}legacy_requests = true\n")).await
    })
    .await;
    let alice = old.server.register("alice").await;
    let ghost = old.register("_irc_bob").await;
    let room = old.bridged_room(&alice, &ghost).await;
    let said = alice.say(&room, "hello").await;
    eventually("the old path is used", async || {
        let received = service.received("/transactions/");
        let told = received.iter().any(|request| request.body.to_string().contains(&said));
        let token = received.iter().all(|request| request.path.contains("access_token=the%20token"));
        if told && token { Ok(()) } else { Err(format!("{received:?}")) }
    })
    .await;
}
