//! `GET /_synapse/admin/v3/users`

use super::list_users::{names, start};
use crate::harness::Server;

const PATH: &str = "/_synapse/admin/v3/users";

#[tokio::test]
async fn only_administrators_ask() {
    let server = Server::start().await;
    server.register("alice").await.get(PATH).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", PATH, None).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn closed_accounts_come_along_unless_one_says_otherwise() {
    let (_server, admin) = start().await;
    let list = async |query: &str| admin.get(&format!("{PATH}?{query}")).await.ok();
    assert_eq!(names(&list("").await), ["admin", "bob", "carol", "gone"]);
    assert_eq!(names(&list("deactivated=true").await), ["gone"]);
    assert_eq!(names(&list("deactivated=false").await), ["admin", "bob", "carol"]);
    admin.get(&format!("{PATH}?limit=-1")).await.refused(400, "M_INVALID_PARAM");
}
