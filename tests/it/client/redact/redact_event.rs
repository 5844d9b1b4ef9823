//! `PUT /_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}`

use serde_json::{Value, json};

use crate::harness::{Server, bodies, encode, find_event, find_state, two_in_a_room};

#[tokio::test]
async fn what_is_redacted_is_gone_everywhere() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let event = bob.say(&room, "a secret").await;
    let since = alice.now().await;
    let redaction = bob.redact(&room, &event, "r1", json!({"reason": "slip"})).await.event_id();
    let check = async |alice: &crate::harness::User| {
        let found = alice.event(&room, &event).await.ok();
        assert_eq!((&found["content"], &found["type"]), (&json!({}), &json!("m.room.message")));
        let because = &found["unsigned"]["redacted_because"];
        assert_eq!((&because["event_id"], &because["sender"]), (&json!(redaction), &json!(bob.id)));
        assert_eq!(
            (&because["content"]["reason"], &because["type"]),
            (&json!("slip"), &json!("m.room.redaction"))
        );
        let page = alice.messages(&room, "dir=b&limit=50").await;
        assert_eq!(bodies(&page["chunk"]), [""; 0]);
        assert_eq!(find_event(&page["chunk"], &event)["content"], json!({}));
        let context = alice.get(&format!("/rooms/{}/context/{}", encode(&room), encode(&event))).await.ok();
        assert_eq!(context["event"]["content"], json!({}));
        assert!(!alice.sync(None).await.to_string().contains("a secret"));
    };
    check(&alice).await;
    let synced = alice.sync(Some(&since)).await;
    let told = &synced["rooms"]["join"][&room]["timeline"]["events"][0];
    assert_eq!((&told["type"], &told["redacts"]), (&json!("m.room.redaction"), &json!(event)));
    assert_eq!((&told["content"]["redacts"], &told["content"]["reason"]), (&json!(event), &json!("slip")));
    // Repeating the request repeats nothing.
    assert_eq!(bob.redact(&room, &event, "r1", json!({})).await.event_id(), redaction);
    let server = server.restart().await;
    check(&alice.on(&server)).await;
    let again = bob.on(&server).redact(&room, &event, "r2", json!({})).await.event_id();
    assert_ne!(again, redaction);
}

#[tokio::test]
async fn ones_own_and_with_power_those_of_others() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let (hers, his) = (alice.say(&room, "hers").await, bob.say(&room, "his").await);
    bob.redact(&room, &hers, "r", json!({})).await.refused(403, "M_FORBIDDEN");
    carol.redact(&room, &hers, "r", json!({})).await.refused(403, "M_FORBIDDEN");
    assert_eq!(bob.event(&room, &hers).await.ok()["content"]["body"], "hers");
    alice.redact(&room, &his, "r", json!({})).await.ok();
    alice.set_levels(&room, json!({"users": {bob.id.clone(): 50}})).await.ok();
    bob.redact(&room, &hers, "r", json!({})).await.ok();
    let other = alice.say(&room, "other").await;
    alice.set_levels(&room, json!({"redact": 75})).await.ok();
    bob.redact(&room, &other, "r", json!({})).await.refused(403, "M_FORBIDDEN");
    let own = bob.say(&room, "own").await;
    alice.set_levels(&room, json!({"events": {"m.room.redaction": 60}})).await.ok();
    bob.redact(&room, &own, "r", json!({})).await.refused(403, "M_FORBIDDEN");
    alice.set_levels(&room, json!({"events": {"m.room.redaction": 0}})).await.ok();
    bob.leave(&room).await.ok();
    bob.redact(&room, &own, "r", json!({})).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn state_keeps_what_holds_the_room_together() {
    for version in ["10", "12"] {
        let server = Server::start().await;
        let (alice, bob) = (server.register("alice").await, server.register("bob").await);
        let options = json!({"preset": "public_chat", "name": "Tea", "room_version": version});
        let room = alice.create_room(options).await;
        bob.put(&format!("/profile/{}/displayname", bob.id), json!({"displayname": "Rude name"})).await.ok();
        bob.join(&room).await.ok();
        let state = async || -> Value { alice.get(&format!("/rooms/{}/state", encode(&room))).await.ok() };
        let before = state().await;
        let id = |kind: &str, key: &str| {
            find_state(&before, kind, key).unwrap()["event_id"].as_str().unwrap().to_owned()
        };
        for (number, (kind, key)) in [
            ("m.room.member", bob.id.as_str()),
            ("m.room.name", ""),
            ("m.room.power_levels", ""),
            ("m.room.join_rules", ""),
        ]
        .into_iter()
        .enumerate()
        {
            alice.redact(&room, &id(kind, key), &format!("r{number}"), json!({})).await.ok();
        }
        let after = state().await;
        let content = |kind: &str, key: &str| find_state(&after, kind, key).unwrap()["content"].clone();
        assert_eq!(content("m.room.member", &bob.id), json!({"membership": "join"}));
        assert_eq!(content("m.room.name", ""), json!({}));
        assert_eq!(content("m.room.join_rules", ""), json!({"join_rule": "public"}));
        let levels = content("m.room.power_levels", "");
        assert_eq!(levels["ban"], 50);
        // Since version 11 the level to invite is among what stays.
        assert_eq!(levels["invite"].is_null(), version == "10", "{levels}");
        alice.redact(&room, &id("m.room.create", ""), "rc", json!({})).await.refused(403, "M_FORBIDDEN");
        bob.say(&room, "still in").await;
    }
}

#[tokio::test]
async fn with_an_edit_redacted_the_text_is_what_it_was() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "first").await;
    let edit = alice.relate(&room, "m.replace", &event, "second").await;
    let bundled = bob.event(&room, &event).await.ok();
    assert_eq!(bundled["unsigned"]["m.relations"]["m.replace"]["event_id"], *edit, "{bundled}");
    alice.redact(&room, &edit, "r1", json!({})).await.ok();
    let bare = bob.event(&room, &event).await.ok();
    assert!(bare["unsigned"]["m.relations"]["m.replace"].is_null(), "{bare}");
    assert_eq!(bare["content"]["body"], "first");
}

#[tokio::test]
async fn what_relates_to_an_event_goes_with_it_on_request() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = bob.say(&room, "first").await;
    let edit = bob.relate(&room, "m.replace", &event, "second").await;
    let reaction = bob.react(&room, &event, "x").await;
    let of_alice = alice.relate(&room, "m.thread", &event, "an answer").await;
    let of_bob = bob.relate(&room, "m.thread", &event, "my answer").await;
    let content = async |event: &str| bob.event(&room, event).await.ok()["content"].clone();
    let body = json!({"org.matrix.msc3912.with_relations": ["m.replace", "m.thread"], "reason": "slip"});
    bob.redact(&room, &event, "r1", body).await.ok();
    for gone in [&edit, &of_bob] {
        crate::harness::eventually("the related event is redacted", async || {
            let content = content(gone).await;
            if content == json!({}) { Ok(()) } else { Err(content.to_string()) }
        })
        .await;
    }
    // What others said is not hers to redact, and what was not named stays.
    assert_eq!(content(&of_alice).await["body"], "an answer");
    assert_eq!(content(&reaction).await["m.relates_to"]["key"], "x");
    bob.redact(&room, &event, "r2", json!({"org.matrix.msc3912.with_relations": ["*"]})).await.ok();
    crate::harness::eventually("every related event is redacted", async || {
        let content = content(&reaction).await;
        if content == json!({}) { Ok(()) } else { Err(content.to_string()) }
    })
    .await;
    bob.redact(&room, &event, "r3", json!({"org.matrix.msc3912.with_relations": 7}))
        .await
        .refused(400, "M_BAD_JSON");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let elsewhere = bob.create_room(json!({})).await;
    let event = bob.say(&elsewhere, "there").await;
    bob.redact(&room, &event, "r", json!({})).await.refused(404, "M_NOT_FOUND");
    bob.redact(&room, "$nothing", "r", json!({})).await.refused(404, "M_NOT_FOUND");
    bob.redact(&room, "nonsense", "r", json!({})).await.refused(400, "M_INVALID_PARAM");
    let own = bob.say(&room, "x").await;
    bob.redact(&room, &own, "r", json!({"reason": 1})).await.refused(400, "M_BAD_JSON");
    bob.redact(&room, &own, "r", json!([])).await.refused(400, "M_BAD_JSON");
    alice.redact("!nowhere:localhost", &own, "r", json!({})).await.refused(403, "M_FORBIDDEN");
    let path = format!("/_matrix/client/v3/rooms/{}/redact/{}/x", encode(&room), encode(&own));
    server.anonymous("PUT", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
