//! `GET /_matrix/client/v3/admin/whois/{userId}`

use std::time::{SystemTime, UNIX_EPOCH};

use crate::harness::{Server, encode};

fn path(user: &str) -> String {
    format!("/admin/whois/{}", encode(user))
}

#[tokio::test]
async fn users_and_administrators_see_where_somebody_was() {
    let server = Server::start().await;
    let admin = server.register_admin("admin").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let request = server.http.get(format!("{}/_matrix/client/v3/account/whoami", server.base));
    request.bearer_auth(&alice.token).header("user-agent", "A client/1.0").send().await.unwrap();
    let answer = alice.get(&path(&alice.id)).await.ok();
    assert_eq!(answer["user_id"], *alice.id);
    let connection = &answer["devices"]["ALICEDEVICE"]["sessions"][0]["connections"][0];
    assert_eq!(connection["ip"], "127.0.0.1");
    assert_eq!(connection["user_agent"], "A client/1.0");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let seen = u128::from(connection["last_seen"].as_u64().unwrap());
    assert!(seen <= now && now - seen < 60_000, "{connection}");
    assert_eq!(admin.get(&path(&alice.id)).await.ok(), answer);

    bob.get(&path(&alice.id)).await.refused(403, "M_FORBIDDEN");
    bob.get(&path("@nobody:localhost")).await.refused(403, "M_FORBIDDEN");
    admin.get(&path("@nobody:localhost")).await.refused(404, "M_NOT_FOUND");
    alice.get(&path("alice")).await.refused(400, "M_INVALID_PARAM");
    let open = format!("/_matrix/client/v3{}", path(&alice.id));
    server.anonymous("GET", &open, None).await.refused(401, "M_MISSING_TOKEN");
}
