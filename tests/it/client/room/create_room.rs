//! `POST /_matrix/client/v3/createRoom`

use serde_json::{Value, json};

use crate::harness::{Server, User, encode, list, state_content, types};

async fn whole_state(user: &User, room: &str) -> Value {
    user.get(&format!("/rooms/{}/state", encode(room))).await.ok()
}

/// What an invited user is told of a room.
async fn invite_state(user: &User, room: &str) -> Value {
    let answer = user.sync(None).await;
    answer["rooms"]["invite"][room]["invite_state"]["events"].clone()
}

#[tokio::test]
async fn each_preset_has_its_rules() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let cases = [
        (json!({}), "invite", "can_join", false),
        (json!({"visibility": "private"}), "invite", "can_join", false),
        (json!({"visibility": "public"}), "public", "forbidden", false),
        (json!({"preset": "private_chat"}), "invite", "can_join", false),
        (json!({"preset": "private_chat", "visibility": "public"}), "invite", "can_join", false),
        (json!({"preset": "trusted_private_chat"}), "invite", "can_join", true),
        (json!({"preset": "public_chat"}), "public", "forbidden", false),
    ];
    for version in ["11", "12"] {
        for (options, join_rule, guest_access, equal) in &cases {
            let mut options = options.clone();
            options["room_version"] = json!(version);
            options["invite"] = json!([bob.id]);
            let room = alice.create_room(options.clone()).await;
            let state = whole_state(&alice, &room).await;
            let content = |kind: &str| state_content(&state, kind, "");
            assert_eq!(content("m.room.join_rules")["join_rule"], **join_rule, "{options}");
            assert_eq!(content("m.room.guest_access")["guest_access"], **guest_access, "{options}");
            assert_eq!(content("m.room.history_visibility")["history_visibility"], "shared", "{options}");
            assert_eq!(content("m.room.create")["room_version"], version);
            let (levels, create) = (content("m.room.power_levels"), content("m.room.create"));
            let bob_level = (version == "11" && *equal).then_some(100);
            assert_eq!(levels["users"][&bob.id].as_i64(), bob_level, "{options}");
            assert_eq!(levels["users"][&alice.id].as_i64(), (version == "11").then_some(100));
            let creators = if version == "12" && *equal { json!([bob.id]) } else { Value::Null };
            assert_eq!(create["additional_creators"], creators, "{options}");
        }
    }
}

#[tokio::test]
async fn everything_that_was_asked_for_is_there() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let options = json!({
        "room_alias_name": "tea",
        "name": "Tea",
        "topic": "Lumps and other matters",
        "invite": [bob.id, bob.id, alice.id],
        "is_direct": true,
        "creation_content": {"m.federate": false, "type": "m.space", "room_version": "1", "creator": "@eve:localhost"},
        "initial_state": [
            {"type": "m.room.avatar", "content": {"url": "mxc://localhost/pot"}},
            {"type": "org.example.key", "state_key": "a", "content": {"n": 1}},
            {"type": "org.example.key", "state_key": "b", "content": {"n": 2}},
        ],
    });
    let room = alice.create_room(options).await;
    let page = alice.messages(&room, "dir=f&limit=100").await;
    let events = &page["chunk"];
    let order = [
        "m.room.create",
        "m.room.member",
        "m.room.power_levels",
        "m.room.canonical_alias",
        "m.room.join_rules",
        "m.room.history_visibility",
        "m.room.guest_access",
        "m.room.avatar",
        "org.example.key",
        "org.example.key",
        "m.room.name",
        "m.room.topic",
        "m.room.member",
    ];
    assert_eq!(types(events), order);
    assert!(list(events).iter().all(|event| event["sender"] == *alice.id && event["room_id"] == *room));
    let create = state_content(events, "m.room.create", "");
    assert_eq!(*create, json!({"m.federate": false, "type": "m.space", "room_version": "12"}));
    assert_eq!(state_content(events, "m.room.member", &alice.id)["membership"], "join");
    assert_eq!(state_content(events, "m.room.canonical_alias", "")["alias"], "#tea:localhost");
    assert_eq!(state_content(events, "m.room.name", "")["name"], "Tea");
    let topic = state_content(events, "m.room.topic", "");
    assert_eq!(topic["topic"], "Lumps and other matters");
    assert_eq!(topic["m.topic"]["m.text"][0]["body"], "Lumps and other matters");
    assert_eq!(state_content(events, "org.example.key", "b")["n"], 2);
    let invited = state_content(events, "m.room.member", &bob.id);
    assert_eq!((&invited["membership"], &invited["is_direct"]), (&json!("invite"), &json!(true)));
    let found = alice.get("/directory/room/%23tea%3Alocalhost").await.ok();
    assert_eq!((&found["room_id"], &found["servers"]), (&json!(room), &json!(["localhost"])));
    // Nobody asked for the directory to show it.
    let listed = alice.get("/publicRooms").await.ok();
    assert_eq!(listed["chunk"], json!([]));

    let stripped = invite_state(&bob, &room).await;
    assert_eq!(state_content(&stripped, "m.room.name", "")["name"], "Tea");
    assert_eq!(state_content(&stripped, "m.room.create", "")["type"], "m.space");
    assert_eq!(state_content(&stripped, "m.room.join_rules", "")["join_rule"], "invite");
    assert_eq!(state_content(&stripped, "m.room.avatar", "")["url"], "mxc://localhost/pot");
    assert_eq!(state_content(&stripped, "m.room.canonical_alias", "")["alias"], "#tea:localhost");
    assert_eq!(state_content(&stripped, "m.room.member", &bob.id)["is_direct"], true);
    assert_eq!(state_content(&stripped, "m.room.member", &alice.id)["membership"], "join");
}

#[tokio::test]
async fn the_creator_of_a_version_12_room_has_no_bounds() {
    let server = Server::start().await;
    let [alice, bob, carol] =
        [server.register("alice").await, server.register("bob").await, server.register("carol").await];
    let options = json!({
        "preset": "private_chat",
        "invite": [bob.id, carol.id],
        "creation_content": {"additional_creators": [bob.id, alice.id, bob.id]},
        "power_level_content_override": {"users": {carol.id.clone(): 149}},
    });
    let room = alice.create_room(options).await;
    bob.join(&room).await.ok();
    carol.join(&room).await.ok();
    let state = whole_state(&alice, &room).await;
    let create = list(&state).iter().find(|event| event["type"] == "m.room.create").unwrap();
    assert_eq!(create["content"], json!({"room_version": "12", "additional_creators": [bob.id]}));
    // The create event's hash names the room; clients are told the room's id all the same.
    assert!(room.starts_with('!') && !room.contains(':'), "{room}");
    assert_eq!(create["event_id"].as_str().unwrap()[1..], room[1..]);
    assert_eq!(create["room_id"], *room);
    let levels = state_content(&state, "m.room.power_levels", "");
    assert!(levels["users"].get(&alice.id).is_none() && levels["users"].get(&bob.id).is_none(), "{levels}");
    assert!(
        levels["events"]["m.room.tombstone"].as_i64().unwrap() > levels["state_default"].as_i64().unwrap()
    );

    let tombstone = json!({"body": "over", "replacement_room": "!elsewhere"});
    carol.set_state(&room, "m.room.tombstone", "", tombstone.clone()).await.refused(403, "M_FORBIDDEN");
    carol.kick(&room, &bob).await.refused(403, "M_FORBIDDEN");
    carol.set_levels(&room, json!({"users": {bob.id.clone(): 5}})).await.refused(400, "M_BAD_JSON");
    // Creators are equals, and nothing demotes them.
    alice.kick(&room, &bob).await.refused(403, "M_FORBIDDEN");
    bob.ban(&room, &alice).await.refused(403, "M_FORBIDDEN");
    alice.set_levels(&room, json!({"users": {alice.id.clone(): 100}})).await.refused(400, "M_BAD_JSON");
    bob.set_levels(&room, json!({"users": {carol.id.clone(): 9_000}})).await.ok();
    bob.kick(&room, &carol).await.ok();
    bob.set_state(&room, "m.room.tombstone", "", tombstone).await.ok();
}

#[tokio::test]
async fn what_is_wrong_is_said_and_leaves_nothing_behind() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let taken = json!({"room_alias_name": "taken"});
    let room = bob.create_room(taken.clone()).await;
    let state = |kind: &str, content: Value| json!([{"type": kind, "state_key": "", "content": content}]);
    let refusals = [
        (taken, "M_ROOM_IN_USE"),
        (json!({"room_version": "99"}), "M_UNSUPPORTED_ROOM_VERSION"),
        (json!({"room_alias_name": "te a"}), "M_INVALID_PARAM"),
        (json!({"room_alias_name": "tea:localhost"}), "M_INVALID_PARAM"),
        (json!({"room_alias_name": ""}), "M_INVALID_PARAM"),
        (json!({"room_alias_name": "z".repeat(300)}), "M_INVALID_PARAM"),
        (
            json!({"room_version": "11", "initial_state": state("m.room.create", json!({}))}),
            "M_INVALID_ROOM_STATE",
        ),
        (
            json!({"initial_state": [{"type": "m.room.member", "state_key": bob.id, "content": {"membership": "join"}}]}),
            "M_INVALID_ROOM_STATE",
        ),
        (json!({"power_level_content_override": {"users": {alice.id.clone(): 100}}}), "M_INVALID_ROOM_STATE"),
        (json!({"power_level_content_override": {"ban": "fifty"}}), "M_INVALID_ROOM_STATE"),
        (
            json!({"room_version": "11", "name": "x", "power_level_content_override": {"users": {}}}),
            "M_INVALID_ROOM_STATE",
        ),
        (json!({"creation_content": {"additional_creators": "me"}}), "M_INVALID_PARAM"),
        (json!({"creation_content": {"additional_creators": ["me"]}}), "M_INVALID_PARAM"),
    ];
    for (options, errcode) in refusals {
        alice.post("/createRoom", options).await.refused(400, errcode);
    }
    for options in [
        json!([]),
        json!({"name": 1}),
        json!({"room_version": ""}),
        json!({"invite": bob.id}),
        json!({"invite": ["bob"]}),
        json!({"initial_state": {}}),
        json!({"creation_content": 5}),
    ] {
        alice.post("/createRoom", options).await.refused(400, "M_BAD_JSON");
    }
    alice.post("/createRoom", json!({"name": "n".repeat(70_000)})).await.refused(413, "M_TOO_LARGE");
    let initial = json!([{"type": "org.example.key", "state_key": "k".repeat(256), "content": {}}]);
    alice.post("/createRoom", json!({"initial_state": initial})).await.refused(413, "M_TOO_LARGE");
    server
        .anonymous("POST", "/_matrix/client/v3/createRoom", Some(json!({})))
        .await
        .refused(401, "M_MISSING_TOKEN");
    assert_eq!(alice.get("/joined_rooms").await.ok()["joined_rooms"], json!([]));
    assert_eq!(bob.get("/directory/room/%23taken%3Alocalhost").await.ok()["room_id"], *room);
    let untold = alice.sync(None).await;
    assert!(untold["rooms"]["join"].as_object().is_none_or(serde_json::Map::is_empty), "{untold}");
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat", "room_alias_name": "tea"})).await;
    let event = alice.say(&room, "still here").await;
    let server = server.restart().await;
    let found = alice.event(&room, &event).await.ok();
    assert_eq!(found["content"]["body"], "still here");
    let server = server.crash_and_restart().await;
    let bob = server.register("bob").await;
    assert_eq!(bob.join("#tea:localhost").await.ok()["room_id"], *room);
}
