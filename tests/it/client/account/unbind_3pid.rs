//! `POST /_matrix/client/v3/account/3pid/unbind`

use serde_json::{Value, json};

use super::{bind, with_identity_server};

const PATH: &str = "/account/3pid/unbind";
const THERE: &str = "/_matrix/identity/v2/3pid/unbind";

fn address() -> Value {
    json!({"medium": "email", "address": "alice@example.org"})
}

#[tokio::test]
async fn identity_servers_are_told_by_this_server() {
    let (server, identity) = with_identity_server().await;
    let alice = server.register("alice").await;
    let result = |result: &str| json!({"id_server_unbind_result": result});
    assert_eq!(alice.post(PATH, address()).await.ok(), result("no-support"), "nothing is bound");
    bind(&alice, &identity, "session").await.ok();
    assert_eq!(alice.post(PATH, address()).await.ok(), result("success"));
    let told = identity.received(THERE);
    assert_eq!(told[0].body, json!({"mxid": alice.id, "threepid": address()}));
    let by_this_server = format!("X-Matrix origin=\"{}\"", server.name);
    assert!(told[0].authorization.starts_with(&by_this_server), "{}", told[0].authorization);
    // Once is enough, unless it is named.
    assert_eq!(alice.post(PATH, address()).await.ok(), result("no-support"));
    let mut named = address();
    named["id_server"] = identity.name.clone().into();
    assert_eq!(alice.post(PATH, named.clone()).await.ok(), result("success"));
    identity.answer(THERE, |_| (404, json!({"errcode": "M_UNRECOGNIZED", "error": "what?"})));
    assert_eq!(alice.post(PATH, named.clone()).await.ok(), result("no-support"));
    identity.answer(THERE, |_| (500, json!({})));
    alice.post(PATH, named).await.refused(502, "M_UNKNOWN");
}

#[tokio::test]
async fn whoever_takes_the_address_or_the_account_away_takes_it_from_there_too() {
    let (server, identity) = with_identity_server().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    for user in [&alice, &bob] {
        bind(user, &identity, "session").await.ok();
    }
    let answer = alice.post("/account/3pid/delete", address()).await.ok();
    assert_eq!(answer["id_server_unbind_result"], "success");
    let answer = bob.call_with_password("POST", "/account/deactivate", json!({})).await.ok();
    assert_eq!(answer["id_server_unbind_result"], "success");
    let told: Vec<Value> = identity.received(THERE).iter().map(|told| told.body["mxid"].clone()).collect();
    assert_eq!(told, [json!(alice.id), json!(bob.id)]);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, _identity) = with_identity_server().await;
    let alice = server.register("alice").await;
    alice.post(PATH, json!({"medium": "email"})).await.refused(400, "M_BAD_JSON");
    let mut named = address();
    named["id_server"] = "https://id.example".into();
    alice.post(PATH, named).await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(address())).await.refused(401, "M_MISSING_TOKEN");
}
