//! `PUT /_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}`

use serde_json::json;

use super::{path, tags};
use crate::harness::{account_data, two_in_a_room};

#[tokio::test]
async fn tags_are_kept_in_their_order() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let since = alice.now().await;
    assert_eq!(alice.put(&path(&alice, &room, "m.favourite"), json!({"order": 0.25})).await.ok(), json!({}));
    alice.put(&path(&alice, &room, "u.Käse & Wein/Brot"), json!({})).await.ok();
    let expected = json!({"m.favourite": {"order": 0.25}, "u.Käse & Wein/Brot": {}});
    assert_eq!(tags(&alice, &room).await, expected);
    let synced = alice.sync(Some(&since)).await;
    assert_eq!(account_data(&synced, Some(&room), "m.tag"), Some(&json!({"tags": expected})));
    // Another order replaces the first.
    alice.put(&path(&alice, &room, "m.favourite"), json!({"order": 1})).await.ok();
    assert_eq!(tags(&alice, &room).await["m.favourite"]["order"], 1.0);
    assert_eq!(tags(&bob, &room).await, json!({}));
    let server = server.crash_and_restart().await;
    assert_eq!(tags(&alice.on(&server), &room).await["u.Käse & Wein/Brot"], json!({}));
}

#[tokio::test]
async fn others_may_not_and_bad_tags_are_refused() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let mine = path(&alice, &room, "m.favourite");
    bob.put(&mine, json!({})).await.refused(403, "M_FORBIDDEN");
    let open = format!("/_matrix/client/v3{mine}");
    server.anonymous("PUT", &open, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    for body in [json!([]), json!("first"), json!({"order": {}}), json!({"order": "first"})] {
        alice.put(&mine, body).await.refused(400, "M_BAD_JSON");
    }
    alice.put(&path(&alice, &room, &"u".repeat(256)), json!({})).await.refused(400, "M_INVALID_PARAM");
    alice.put(&path(&alice, "!unknown:localhost", "u.a"), json!({})).await.refused(404, "M_NOT_FOUND");
    alice.put(&path(&alice, "tea", "u.a"), json!({})).await.refused(400, "M_INVALID_PARAM");
    assert_eq!(tags(&alice, &room).await, json!({}));
}

#[tokio::test]
async fn changes_at_once_do_not_lose_each_other() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    let names: Vec<String> = (0..20).map(|number| format!("u.{number}")).collect();
    let changes = names.iter().map(|name| {
        let path = path(&alice, &room, name);
        let alice = &alice;
        async move { alice.put(&path, json!({"order": 0.5})).await.ok() }
    });
    futures_util::future::join_all(changes).await;
    assert_eq!(tags(&alice, &room).await.as_object().unwrap().len(), 20);
}
