//! `GET /_synapse/admin/v1/users/{userId}/media`

use serde_json::{Value, json};

use super::{only_administrators, path};
use crate::harness::Server;

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", "media", &Value::Null).await;
}

#[tokio::test]
async fn a_users_files_are_listed_in_every_order() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    admin.upload("text/plain", "not hers").await;
    let mut ids = Vec::new();
    for (name, text) in [("b", "12"), ("c", "1"), ("a", "123")] {
        let upload = format!("/_matrix/media/v3/upload?filename={name}");
        let answer = alice.send_file("POST", &upload, "text/plain", text).await.ok();
        ids.push(answer["content_uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned());
        // So that they are told apart by when they came.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let list = async |query: &str| {
        let listed = admin.get(&format!("{}?{query}", path(&alice.id, "media"))).await.ok();
        let place = |file: &Value| ids.iter().position(|id| file["media_id"] == **id).unwrap();
        let places: Vec<_> = listed["media"].as_array().unwrap().iter().map(place).collect();
        assert_eq!(listed["total"], 3);
        (places, listed["next_token"].clone())
    };
    assert_eq!(list("").await, (vec![2, 1, 0], Value::Null));
    assert_eq!(list("dir=f").await.0, [0, 1, 2]);
    assert_eq!(list("order_by=upload_name").await.0, [2, 0, 1]);
    assert_eq!(list("order_by=media_length&dir=b").await.0, [2, 0, 1]);
    assert_eq!(list("limit=2").await, (vec![2, 1], json!(2)));
    assert_eq!(list("limit=2&from=2").await, (vec![0], Value::Null));
    assert_eq!(list("from=9").await, (vec![], Value::Null));
    let bad = format!("{}?order_by=colour", path(&alice.id, "media"));
    admin.get(&bad).await.refused(400, "M_INVALID_PARAM");
    let whole = admin.get(&path(&alice.id, "media")).await.ok();
    assert_eq!(whole["media"][0]["media_length"], 3);
    assert_eq!(whole["media"][0]["upload_name"], "a");
    assert_eq!(whole["media"][0]["safe_from_quarantine"], false);
}
