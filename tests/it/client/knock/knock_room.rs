//! `POST /_matrix/client/v3/knock/{roomIdOrAlias}`

use serde_json::{Value, json};

use crate::harness::{Answer, Server, User, encode, find_state, state_content};

async fn knock_because(user: &User, room: &str, reason: &str) -> Answer {
    user.post(&format!("/knock/{}", encode(room)), json!({"reason": reason})).await
}

struct Scene {
    server: Server,
    alice: User,
    bob: User,
    room: String,
}

impl Scene {
    async fn start() -> Self {
        let server = Server::start().await;
        let (alice, bob) = (server.register("alice").await, server.register("bob").await);
        let rule = json!([{"type": "m.room.join_rules", "content": {"join_rule": "knock"}}]);
        let options = json!({"room_alias_name": "tea", "name": "Tea", "initial_state": rule});
        let room = alice.create_room(options).await;
        Self { server, alice, bob, room }
    }

    /// What the room's timeline says of Bob, in an answer to Alice.
    fn told(&self, answer: &Value) -> Option<Value> {
        let room = &answer["rooms"]["join"][&self.room];
        find_state(&room["timeline"]["events"], "m.room.member", &self.bob.id)
            .map(|event| event["content"].clone())
    }
}

#[tokio::test]
async fn who_knocks_is_let_in() {
    let scene = Scene::start().await;
    let (alice, bob, room) = (&scene.alice, &scene.bob, &scene.room);
    let (alice_since, bob_since) = (alice.now().await, bob.now().await);
    let answer = knock_because(bob, "#tea:localhost", "may I?").await.ok();
    assert_eq!(answer, json!({"room_id": room}));
    let (content, _) = alice.sync_until(Some(&alice_since), |answer| scene.told(answer)).await;
    assert_eq!((&content["membership"], &content["reason"]), (&json!("knock"), &json!("may I?")));
    // Who has knocked knows little of the room, and can neither read nor speak nor come in.
    for answer in [bob.sync(Some(&bob_since)).await, bob.sync(None).await] {
        let state = &answer["rooms"]["knock"][room]["knock_state"]["events"];
        assert_eq!(state_content(state, "m.room.name", "")["name"], "Tea");
        assert_eq!(state_content(state, "m.room.join_rules", "")["join_rule"], "knock");
        assert_eq!(state_content(state, "m.room.member", &bob.id)["membership"], "knock");
        assert!(find_state(state, "m.room.create", "").is_some());
        assert!(find_state(state, "m.room.power_levels", "").is_none());
        assert!(answer["rooms"]["join"].is_null() && answer["rooms"]["invite"].is_null(), "{answer}");
    }
    bob.get(&format!("/rooms/{}/messages?dir=b", encode(room))).await.refused(403, "M_FORBIDDEN");
    bob.send_event(room, "m.room.message", json!({"body": "x"})).await.refused(403, "M_FORBIDDEN");
    bob.join(room).await.refused(403, "M_FORBIDDEN");
    let bob_since = bob.now().await;
    alice.invite(room, bob).await.ok();
    let answer = bob.sync(Some(&bob_since)).await;
    assert!(answer["rooms"]["invite"][room].is_object() && answer["rooms"]["knock"].is_null(), "{answer}");
    bob.join(room).await.ok();
    bob.say(room, "thank you").await;
}

#[tokio::test]
async fn a_knock_is_declined_or_taken_back() {
    let scene = Scene::start().await;
    let (alice, bob, room) = (&scene.alice, &scene.bob, &scene.room);
    bob.knock(room).await.ok();
    let since = bob.now().await;
    alice.kick(room, bob).await.ok();
    let answer = bob.sync(Some(&since)).await;
    assert!(answer["rooms"]["leave"][room].is_object(), "{answer}");
    assert!(bob.sync(None).await["rooms"]["knock"].is_null());
    bob.knock(room).await.ok();
    bob.leave(room).await.ok();
    assert_eq!(alice.membership_of(room, bob).await, "leave");
    bob.knock(room).await.ok();
    assert_eq!(alice.membership_of(room, bob).await, "knock");
    alice.ban(room, bob).await.ok();
    bob.knock(room).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn not_every_door_has_a_knocker() {
    let scene = Scene::start().await;
    let (alice, bob, room) = (&scene.alice, &scene.bob, &scene.room);
    alice.knock(room).await.refused(403, "M_FORBIDDEN");
    let carol = scene.server.register("carol").await;
    alice.invite(room, &carol).await.ok();
    carol.knock(room).await.refused(403, "M_FORBIDDEN");
    for rule in ["invite", "public", "private", "restricted"] {
        alice.set_state(room, "m.room.join_rules", "", json!({"join_rule": rule})).await.ok();
        bob.knock(room).await.refused(403, "M_FORBIDDEN");
    }
    bob.knock("!nowhere:localhost").await.refused(404, "M_NOT_FOUND");
    bob.knock("#nowhere:localhost").await.refused(404, "M_NOT_FOUND");
    bob.knock("nonsense").await.refused(400, "M_INVALID_PARAM");
    bob.post(&format!("/knock/{}", encode(room)), json!({"reason": 1})).await.refused(400, "M_BAD_JSON");
    let path = format!("/_matrix/client/v3/knock/{}", encode(room));
    scene.server.anonymous("POST", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
