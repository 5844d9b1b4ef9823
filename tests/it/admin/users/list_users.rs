//! `GET /_synapse/admin/v2/users`

use serde_json::{Value, json};

use crate::harness::{Server, User};

const PATH: &str = "/_synapse/admin/v2/users";

/// A server with an administrator, two users and one who is gone.
pub(super) async fn start() -> (Server, User) {
    let server = Server::start().await;
    let admin = server.register_admin("admin").await;
    let bob = server.register("bob").await;
    server.register("carol").await;
    server.register("gone").await;
    let bob_is = json!({"displayname": "Alicia's friend", "user_type": "bot"});
    admin.put(&super::v2(&bob.id), bob_is).await.ok();
    admin.post("/_synapse/admin/v1/deactivate/%40gone%3Alocalhost", json!({})).await.ok();
    (server, admin)
}

/// The localparts of a list, in order.
pub(super) fn names(listed: &Value) -> Vec<&str> {
    let users = listed["users"].as_array().unwrap_or_else(|| panic!("no users in {listed}"));
    users.iter().map(|user| user["name"].as_str().unwrap()[1..].split(':').next().unwrap()).collect()
}

#[tokio::test]
async fn only_administrators_ask() {
    let server = Server::start().await;
    server.register("alice").await.get(PATH).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", PATH, None).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn users_are_found_and_come_in_order() {
    let (_server, admin) = start().await;
    let list = async |query: &str| admin.get(&format!("{PATH}?{query}")).await.ok();
    let everybody = list("").await;
    assert_eq!((names(&everybody), &everybody["total"]), (vec!["admin", "bob", "carol"], &json!(3)));
    assert_eq!(names(&list("deactivated=true").await), ["admin", "bob", "carol", "gone"]);
    assert_eq!(names(&list("dir=b").await), ["carol", "bob", "admin"]);
    assert_eq!(names(&list("order_by=creation_ts&dir=b").await), ["carol", "bob", "admin"]);
    assert_eq!(names(&list("order_by=admin&dir=b").await)[0], "admin");
    assert_eq!(names(&list("order_by=displayname").await)[0], "bob");
    assert_eq!(names(&list("admins=true").await), ["admin"]);
    assert_eq!(names(&list("admins=false").await), ["bob", "carol"]);
    assert_eq!(names(&list("name=ALICIA").await), ["bob"]);
    assert_eq!(names(&list("name=ar").await), ["carol"]);
    assert_eq!(names(&list("user_id=bo").await), ["bob"]);
    let first = list("limit=2").await;
    assert_eq!((names(&first), &first["next_token"]), (vec!["admin", "bob"], &json!("2")));
    let rest = list("limit=2&from=2").await;
    assert_eq!((names(&rest), &rest["next_token"]), (vec!["carol"], &Value::Null));
    let bob = &list("user_id=bob").await["users"][0];
    assert_eq!((&bob["user_type"], &bob["displayname"]), (&json!("bot"), &json!("Alicia's friend")));
    assert_eq!(
        (&bob["admin"], &bob["is_guest"], &bob["deactivated"]),
        (&json!(false), &json!(false), &json!(false))
    );
    assert!(bob["creation_ts"].as_u64().unwrap() > 1_500_000_000_000, "{bob}");
    assert!(list("admins=true").await["users"][0]["last_seen_ts"].is_u64());
    for bad in ["order_by=colour", "limit=many", "dir=x", "deactivated=perhaps"] {
        admin.get(&format!("{PATH}?{bad}")).await.refused(400, "M_INVALID_PARAM");
    }
}
