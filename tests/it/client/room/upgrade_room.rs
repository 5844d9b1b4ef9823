//! `POST /_matrix/client/v3/rooms/{roomId}/upgrade`

use serde_json::{Value, json};

use crate::harness::{Answer, Server, User, encode, find_state, list, state_content};

async fn ask(user: &User, room: &str, body: Value) -> Answer {
    user.post(&format!("/rooms/{}/upgrade", encode(room)), body).await
}

async fn upgrade(user: &User, room: &str, version: &str) -> String {
    let answer = ask(user, room, json!({"new_version": version})).await.ok();
    answer["replacement_room"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn whole_state(user: &User, room: &str) -> Value {
    user.get(&format!("/rooms/{}/state", encode(room))).await.ok()
}

/// Everything that is carried over as it is.
fn carried() -> Vec<(&'static str, Value)> {
    vec![
        ("m.room.server_acl", json!({"allow": ["*"], "deny": ["evil.example"], "allow_ip_literals": false})),
        ("m.room.encryption", json!({"algorithm": "m.megolm.v1.aes-sha2"})),
        ("m.room.name", json!({"name": "Tea"})),
        ("m.room.avatar", json!({"url": "mxc://localhost/pot"})),
        ("m.room.topic", json!({"topic": "Lumps"})),
        ("m.room.guest_access", json!({"guest_access": "forbidden"})),
        ("m.room.history_visibility", json!({"history_visibility": "invited"})),
        ("m.room.join_rules", json!({"join_rule": "knock"})),
    ]
}

/// A room of version 11 with everything in it that an upgrade takes along, and some that it does not.
async fn furnished(alice: &User, bob: &User, eve: &User) -> String {
    let mut state: Vec<Value> =
        carried().into_iter().map(|(kind, content)| json!({"type": kind, "content": content})).collect();
    state.push(json!({"type": "org.example.own", "content": {"stays": "behind"}}));
    let options = json!({
        "room_version": "11", "visibility": "public", "preset": "private_chat", "room_alias_name": "tea",
        "invite": [bob.id], "initial_state": state, "creation_content": {"m.federate": false, "org.example": 1},
        "power_level_content_override": {"users": {alice.id.clone(): 100, bob.id.clone(): 50}, "invite": 7},
    });
    let room = alice.create_room(options).await;
    bob.join(&room).await.ok();
    alice.ban(&room, eve).await.ok();
    let other = format!("/directory/room/{}", encode("#black:localhost"));
    bob.put(&other, json!({"room_id": room})).await.ok();
    let named = json!({"alias": "#tea:localhost", "alt_aliases": ["#black:localhost"]});
    alice.set_state(&room, "m.room.canonical_alias", "", named).await.ok();
    room
}

#[tokio::test]
async fn a_new_room_takes_the_place_of_the_old_one() {
    let server = Server::start().await;
    let [alice, bob, eve] =
        [server.register("alice").await, server.register("bob").await, server.register("eve").await];
    let old = furnished(&alice, &bob, &eve).await;
    let last = alice.say(&old, "let us move").await;
    let since = bob.now().await;
    let new = upgrade(&alice, &old, "12").await;

    let state = whole_state(&alice, &new).await;
    for (kind, content) in carried() {
        assert_eq!(*state_content(&state, kind, ""), content, "{kind}");
    }
    assert!(find_state(&state, "org.example.own", "").is_none());
    let create = state_content(&state, "m.room.create", "");
    assert_eq!((&create["room_version"], &create["predecessor"]["room_id"]), (&json!("12"), &json!(old)));
    assert_eq!((&create["m.federate"], &create["org.example"]), (&json!(false), &json!(1)));
    let named = json!({"alias": "#tea:localhost", "alt_aliases": ["#black:localhost"]});
    assert_eq!(*state_content(&state, "m.room.canonical_alias", ""), named);
    assert_eq!(state_content(&state, "m.room.member", &eve.id)["membership"], "ban");
    assert!(find_state(&state, "m.room.member", &bob.id).is_none(), "members come by themselves");
    let levels = state_content(&state, "m.room.power_levels", "");
    assert_eq!((&levels["users"], &levels["invite"]), (&json!({bob.id.clone(): 50}), &json!(7)));
    assert!(levels["events"]["m.room.tombstone"].as_i64().unwrap() > 100, "{levels}");

    for alias in ["#tea:localhost", "#black:localhost"] {
        let found = bob.get(&format!("/directory/room/{}", encode(alias))).await.ok();
        assert_eq!(found["room_id"], *new, "{alias}");
    }
    let published = alice.get("/publicRooms").await.ok();
    let listed: Vec<&Value> = list(&published["chunk"]).iter().map(|room| &room["room_id"]).collect();
    assert_eq!(listed, [&json!(new)]);

    // Bob hears of it in the old room, where he has lost his voice.
    let tells = |answer: &Value| {
        let room = &answer["rooms"]["join"][&old];
        find_state(&room["timeline"]["events"], "m.room.tombstone", "").map(|event| event["content"].clone())
    };
    let (tombstone, _) = bob.sync_until(Some(&since), tells).await;
    assert_eq!(tombstone["replacement_room"], *new);
    assert!(tombstone["body"].is_string());
    alice.set_levels(&old, json!({"users": {bob.id.clone(): 0}})).await.ok();
    let speech = json!({"msgtype": "m.text", "body": "wait"});
    bob.send_event(&old, "m.room.message", speech).await.refused(403, "M_FORBIDDEN");
    bob.invite(&old, &server.register("frank").await).await.refused(403, "M_FORBIDDEN");
    assert_eq!(alice.state(&old, "m.room.canonical_alias", "").await.ok(), json!({}));
    assert_eq!(bob.event(&old, &last).await.ok()["content"]["body"], "let us move");

    bob.knock(&new).await.ok();
    alice.invite(&new, &bob).await.ok();
    bob.join(&new).await.ok();
    bob.set_state(&new, "m.room.name", "", json!({"name": "More tea"})).await.ok();
    eve.knock(&new).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn what_members_keep_about_the_old_room_comes_along() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let old = alice.create_room(json!({"room_version": "10", "preset": "public_chat"})).await;
    bob.join(&old).await.ok();
    let data = |user: &User, room: &str, rest: &str| {
        format!("/user/{}/rooms/{}/{rest}", encode(&user.id), encode(room))
    };
    let rule = |room: &str| format!("/pushrules/global/room/{}", encode(room));
    for user in [&alice, &bob] {
        user.put(&data(user, &old, "tags/m.favourite"), json!({"order": 0.25})).await.ok();
        user.put(&rule(&old), json!({"actions": []})).await.ok();
        let direct = format!("/user/{}/account_data/m.direct", encode(&user.id));
        user.put(&direct, json!({"@eve:localhost": [old]})).await.ok();
    }
    let new = upgrade(&alice, &old, "11").await;
    let create = alice.state(&new, "m.room.create", "").await.ok();
    let predecessor = &create["predecessor"];
    assert_eq!(predecessor["room_id"], *old);
    // Up to version 11 the predecessor's last event is named too.
    let named = predecessor["event_id"].as_str().unwrap_or_else(|| panic!("{create}"));
    assert!(alice.event(&old, named).await.ok()["event_id"].is_string());
    bob.join(&new).await.ok();
    for user in [&alice, &bob] {
        let tags = user.get(&data(user, &new, "tags")).await.ok();
        assert_eq!(tags["tags"]["m.favourite"]["order"], 0.25, "{}", user.id);
        assert_eq!(user.get(&rule(&new)).await.ok()["actions"], json!([]), "{}", user.id);
        let direct = user.get(&format!("/user/{}/account_data/m.direct", encode(&user.id))).await.ok();
        assert_eq!(direct["@eve:localhost"], json!([old, new]), "{}", user.id);
    }
}

#[tokio::test]
async fn creators_are_named_anew_and_spaces_keep_their_rooms() {
    let server = Server::start().await;
    let [alice, bob, carol] =
        [server.register("alice").await, server.register("bob").await, server.register("carol").await];
    let options = json!({
        "creation_content": {"type": "m.space", "additional_creators": [bob.id]},
        "initial_state": [
            {"type": "m.space.child", "state_key": "!tea:localhost", "content": {"via": ["localhost"], "order": "a"}},
            {"type": "m.space.child", "state_key": "!gone:localhost", "content": {}},
        ],
    });
    let first = alice.create_room(options).await;
    let answer =
        ask(&alice, &first, json!({"new_version": "12", "additional_creators": [carol.id]})).await.ok();
    let second = answer["replacement_room"].as_str().unwrap().to_owned();
    let state = whole_state(&alice, &second).await;
    let create = state_content(&state, "m.room.create", "");
    assert_eq!((&create["additional_creators"], &create["type"]), (&json!([carol.id]), &json!("m.space")));
    assert_eq!(create["predecessor"]["room_id"], *first);
    let child = json!({"via": ["localhost"], "order": "a"});
    assert_eq!(*state_content(&state, "m.space.child", "!tea:localhost"), child);
    assert!(find_state(&state, "m.space.child", "!gone:localhost").is_none());
    // Where creators have no privilege, they have a level.
    let third = upgrade(&alice, &second, "11").await;
    let levels = alice.state(&third, "m.room.power_levels", "").await.ok();
    assert_eq!(levels["users"], json!({alice.id.clone(): 100, carol.id.clone(): 100}));
    let create = alice.state(&third, "m.room.create", "").await.ok();
    assert!(create["additional_creators"].is_null(), "{create}");
}

#[tokio::test]
async fn only_who_may_end_a_room_replaces_it() {
    let server = Server::start().await;
    let [alice, bob, carol] =
        [server.register("alice").await, server.register("bob").await, server.register("carol").await];
    let room = alice.create_room(json!({"invite": [bob.id]})).await;
    bob.join(&room).await.ok();
    alice.set_levels(&room, json!({"users": {bob.id.clone(): 100}})).await.ok();
    for user in [&bob, &carol] {
        ask(user, &room, json!({"new_version": "12"})).await.refused(403, "M_FORBIDDEN");
    }
    ask(&alice, &room, json!({"new_version": "99"})).await.refused(400, "M_UNSUPPORTED_ROOM_VERSION");
    ask(&alice, &room, json!({})).await.refused(400, "M_BAD_JSON");
    ask(&alice, &room, json!({"new_version": 12})).await.refused(400, "M_BAD_JSON");
    let guest = json!({"new_version": "12", "additional_creators": ["nobody"]});
    ask(&alice, &room, guest).await.refused(400, "M_BAD_JSON");
    ask(&alice, "nonsense", json!({"new_version": "12"})).await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v3/rooms/{}/upgrade", encode(&room));
    server.anonymous("POST", &path, Some(json!({"new_version": "12"}))).await.refused(401, "M_MISSING_TOKEN");
    alice.state(&room, "m.room.tombstone", "").await.refused(404, "M_NOT_FOUND");
    assert_eq!(alice.get("/joined_rooms").await.ok()["joined_rooms"], json!([room]));
}
