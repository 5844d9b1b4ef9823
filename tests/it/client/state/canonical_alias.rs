//! `m.room.canonical_alias`: a room may only say that it has names that it has.

use serde_json::json;

use crate::harness::{encode, two_in_a_room};

#[tokio::test]
async fn only_names_of_the_room_are_taken() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let elsewhere = carol.create_room(json!({"room_alias_name": "coffee"})).await;
    assert!(elsewhere.starts_with('!'));
    for alias in ["#tea:localhost", "#milk:localhost"] {
        alice.put(&format!("/directory/room/{}", encode(alias)), json!({"room_id": room})).await.ok();
    }
    let kind = "m.room.canonical_alias";
    let set = async |content: serde_json::Value| alice.set_state(&room, kind, "", content).await;
    set(json!({"alias": "#coffee:localhost"})).await.refused(400, "M_BAD_ALIAS");
    set(json!({"alias": "#nowhere:localhost"})).await.refused(400, "M_BAD_ALIAS");
    set(json!({"alias": "#tea:localhost", "alt_aliases": ["#coffee:localhost"]}))
        .await
        .refused(400, "M_BAD_ALIAS");
    for content in [
        json!({"alias": "nonsense"}),
        json!({"alias": 1}),
        json!({"alt_aliases": "#tea:localhost"}),
        json!({"alt_aliases": ["nonsense"]}),
        json!({"alt_aliases": [1]}),
    ] {
        set(content).await.refused(400, "M_INVALID_PARAM");
    }
    set(json!({"alias": "#tea:localhost", "alt_aliases": ["#milk:localhost"]})).await.ok();
    bob.set_state(&room, kind, "", json!({})).await.refused(403, "M_FORBIDDEN");
    // The name may have gone; it can stay in the list as long as nobody touches it.
    alice.delete("/directory/room/%23milk%3Alocalhost").await.ok();
    assert_eq!(alice.state(&room, kind, "").await.ok(), json!({"alias": "#tea:localhost"}));
    set(json!({"alias": "#tea:localhost", "alt_aliases": ["#milk:localhost"]}))
        .await
        .refused(400, "M_BAD_ALIAS");
    set(json!({"alias": ""})).await.ok();
    set(json!({})).await.ok();
    // A key makes it another entry, which has no meaning.
    alice.set_state(&room, kind, "other", json!({"alias": "#nowhere:localhost"})).await.ok();
}
