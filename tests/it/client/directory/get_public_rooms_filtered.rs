//! `POST /_matrix/client/v3/publicRooms`

use serde_json::{Value, json};

use super::{list_room, names};
use crate::harness::{Server, User};

async fn search(user: &User, body: Value) -> Vec<String> {
    let page = user.post("/publicRooms", body).await.ok();
    let mut found: Vec<String> = names(&page).into_iter().map(str::to_owned).collect();
    found.sort();
    found
}

#[tokio::test]
async fn names_topics_and_aliases_are_searched() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let rooms = [
        json!({"name": "Green tea", "topic": "from Uji"}),
        json!({"name": "Schwarzer Tee", "topic": "mit MILCH", "room_alias_name": "assam"}),
        json!({"name": "Coffee", "topic": "no tea here"}),
        json!({"name": "Überlegungen", "creation_content": {"type": "m.space"}}),
    ];
    for mut options in rooms {
        options["visibility"] = json!("public");
        alice.create_room(options).await;
    }
    let term = |term: &str| json!({"filter": {"generic_search_term": term}});
    assert_eq!(search(&alice, term("tea")).await, ["Coffee", "Green tea"]);
    assert_eq!(search(&alice, term("TEA")).await, ["Coffee", "Green tea"]);
    assert_eq!(search(&alice, term("milch")).await, ["Schwarzer Tee"]);
    assert_eq!(search(&alice, term("assam")).await, ["Schwarzer Tee"]);
    assert_eq!(search(&alice, term("überleg")).await, ["Überlegungen"]);
    assert_eq!(search(&alice, term("nothing of the kind")).await, [""; 0]);
    assert_eq!(search(&alice, term("")).await.len(), 4);
    assert_eq!(search(&alice, json!({})).await.len(), 4);
    let types = |types: Value| json!({"filter": {"room_types": types}});
    assert_eq!(search(&alice, types(json!(["m.space"]))).await, ["Überlegungen"]);
    assert_eq!(search(&alice, types(json!([null]))).await.len(), 3);
    assert_eq!(search(&alice, types(json!([null, "m.space"]))).await.len(), 4);
    assert_eq!(search(&alice, types(json!(["org.example"]))).await, [""; 0]);
}

#[tokio::test]
async fn what_was_found_comes_in_pages() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for name in ["tea one", "tea two", "tea three", "coffee"] {
        list_room(&alice, name).await;
    }
    let ask = async |since: Value| {
        let mut body = json!({"limit": 2, "filter": {"generic_search_term": "tea"}});
        if !since.is_null() {
            body["since"] = since;
        }
        alice.post("/publicRooms", body).await.ok()
    };
    let first = ask(json!(null)).await;
    let second = ask(first["next_batch"].clone()).await;
    let mut found = [names(&first), names(&second)].concat();
    found.sort_unstable();
    assert_eq!(found, ["tea one", "tea three", "tea two"]);
    assert!(second["next_batch"].is_null());
    assert_eq!(names(&ask(second["prev_batch"].clone()).await), names(&first));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for body in [
        json!([]),
        json!({"limit": "all"}),
        json!({"filter": 1}),
        json!({"filter": {"generic_search_term": 1}}),
    ] {
        alice.post("/publicRooms", body).await.refused(400, "M_BAD_JSON");
    }
    alice.post("/publicRooms", json!({"since": "nonsense"})).await.refused(400, "M_INVALID_PARAM");
    let path = "/_matrix/client/v3/publicRooms";
    server.anonymous("POST", path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
