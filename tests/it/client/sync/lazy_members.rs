//! Members that come when they are needed.
//! <https://spec.matrix.org/v1.19/client-server-api/#lazy-loading-room-members>

use serde_json::{Value, json};

use super::{filtered, joined, next};
use crate::harness::{Server, User, find_state, members};

struct Scene {
    server: Server,
    alice: User,
    bob: User,
    room: String,
}

impl Scene {
    /// A named room with Alice, Bob and five others, in which nobody has spoken lately but Alice.
    async fn start() -> Self {
        let server = Server::start().await;
        let (alice, bob) = (server.register("alice").await, server.register("bob").await);
        let room = alice.create_room(json!({"preset": "public_chat", "name": "Tea"})).await;
        bob.join(&room).await.ok();
        for name in ["carol", "dave", "erin", "frank", "grace"] {
            server.register(name).await.join(&room).await.ok();
        }
        for number in 0..10 {
            alice.say(&room, &format!("{number}")).await;
        }
        Self { server, alice, bob, room }
    }
}

fn lazy() -> Value {
    json!({"room": {"state": {"lazy_load_members": true}, "timeline": {"limit": 5}}})
}

fn redundant() -> Value {
    json!({"room": {"state": {"lazy_load_members": true, "include_redundant_members": true}}})
}

#[tokio::test]
async fn only_those_who_spoke_are_told() {
    let scene = Scene::start().await;
    let (alice, bob, room) = (&scene.alice, &scene.bob, &scene.room);
    let first = filtered(bob, &lazy(), None).await;
    let state = &joined(&first, room)["state"]["events"];
    let told = members(state);
    assert!(told.contains(&&*alice.id), "{told:?}");
    assert!(told.iter().all(|user| *user == alice.id || *user == bob.id), "{told:?}");
    assert!(find_state(state, "m.room.create", "").is_some());
    let whole = bob.sync(None).await;
    assert_eq!(members(&joined(&whole, room)["state"]["events"]).len(), 7);
    // Alice is known by now; Carol is not.
    let carol = scene.server.register("henry").await;
    carol.join(room).await.ok();
    let since = filtered(bob, &lazy(), Some(next(&first))).await;
    alice.say(room, "again").await;
    let answer = filtered(bob, &lazy(), Some(next(&since))).await;
    assert_eq!(joined(&answer, room)["state"]["events"], json!([]), "{answer}");
    let answer = filtered(bob, &redundant(), Some(next(&since))).await;
    assert_eq!(members(&joined(&answer, room)["state"]["events"]), [&alice.id]);
}

#[tokio::test]
async fn who_speaks_for_the_first_time_is_introduced() {
    let scene = Scene::start().await;
    let (bob, room) = (&scene.bob, &scene.room);
    let since = next(&filtered(bob, &lazy(), None).await).to_owned();
    let carol = login(&scene, "carol").await;
    carol.say(room, "hello").await;
    let answer = filtered(bob, &lazy(), Some(&since)).await;
    assert_eq!(members(&joined(&answer, room)["state"]["events"]), [&carol.id]);
    // The same token again gets the same: the first answer may have been lost.
    let again = filtered(bob, &lazy(), Some(&since)).await;
    assert_eq!(members(&joined(&again, room)["state"]["events"]), [&carol.id]);
    carol.say(room, "hello again").await;
    let answer = filtered(bob, &lazy(), Some(next(&answer))).await;
    assert_eq!(joined(&answer, room)["state"]["events"], json!([]));
    // Another device knows nobody yet.
    let phone = login(&scene, "bob").await;
    let answer = filtered(&phone, &lazy(), None).await;
    assert!(members(&joined(&answer, room)["state"]["events"]).contains(&&*carol.id));
}

#[tokio::test]
async fn changes_of_members_in_a_gap_are_told_whoever_speaks() {
    let scene = Scene::start().await;
    let (alice, bob, room) = (&scene.alice, &scene.bob, &scene.room);
    let since = next(&filtered(bob, &lazy(), None).await).to_owned();
    let dave = login(&scene, "dave").await;
    dave.leave(room).await.ok();
    for number in 0..8 {
        alice.say(room, &format!("{number}")).await;
    }
    let answer = filtered(bob, &lazy(), Some(&since)).await;
    let state = &joined(&answer, room)["state"]["events"];
    let leave = find_state(state, "m.room.member", &dave.id).unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(leave["content"]["membership"], "leave");
}

#[tokio::test]
async fn heroes_are_introduced_too() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&room).await.ok();
    for number in 0..10 {
        alice.say(&room, &format!("{number}")).await;
    }
    let answer = filtered(&alice, &lazy(), None).await;
    let told = joined(&answer, &room);
    assert_eq!(told["summary"]["m.heroes"], json!([bob.id]));
    assert!(members(&told["state"]["events"]).contains(&&*bob.id), "{told}");
}

async fn login(scene: &Scene, name: &str) -> User {
    let body = json!({
        "type": "m.login.password", "identifier": {"type": "m.id.user", "user": name},
        "password": format!("{name}-password"),
    });
    let answer = scene.server.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await.ok();
    User::from_login(&scene.server, &answer)
}
