//! Who may read what, in each of the four modes of history visibility, through every endpoint that reads.
//! <https://spec.matrix.org/v1.19/client-server-api/#room-history-visibility>

use std::collections::BTreeMap;

use serde_json::json;

use crate::harness::{Server, User, bodies, encode, find_state};

/// The four messages of the story, in their order.
const STORY: [&str; 4] = ["before", "invited", "joined", "after"];

/// Alice tells; Bob is invited, comes and goes; Carol is never there; Dave is only invited, at the same time as Bob.
struct Scene {
    _server: Server,
    alice: User,
    bob: User,
    carol: User,
    dave: User,
    room: String,
    events: BTreeMap<&'static str, String>,
    /// What Bob saw in his first sync, while he was there.
    seen_inside: Vec<String>,
}

impl Scene {
    async fn play(visibility: &str) -> Self {
        let server = Server::start().await;
        let (alice, bob) = (server.register("alice").await, server.register("bob").await);
        let (carol, dave) = (server.register("carol").await, server.register("dave").await);
        let state =
            json!([{"type": "m.room.history_visibility", "content": {"history_visibility": visibility}}]);
        let options = json!({"preset": "private_chat", "name": "Tea", "initial_state": state});
        let room = alice.create_room(options).await;
        let mut events = BTreeMap::new();
        events.insert(STORY[0], alice.say(&room, STORY[0]).await);
        alice.invite(&room, &bob).await.ok();
        alice.invite(&room, &dave).await.ok();
        events.insert(STORY[1], alice.say(&room, STORY[1]).await);
        bob.join(&room).await.ok();
        events.insert(STORY[2], alice.say(&room, STORY[2]).await);
        let first =
            bob.sync_with("filter=%7B%22room%22%3A%7B%22timeline%22%3A%7B%22limit%22%3A50%7D%7D%7D").await;
        let timeline = &first["rooms"]["join"][&room]["timeline"]["events"];
        let seen_inside = bodies(timeline).into_iter().map(str::to_owned).collect();
        bob.leave(&room).await.ok();
        alice.set_state(&room, "m.room.name", "", json!({"name": "Coffee"})).await.ok();
        events.insert(STORY[3], alice.say(&room, STORY[3]).await);
        Self { _server: server, alice, bob, carol, dave, room, events, seen_inside }
    }

    fn path(&self, rest: &str) -> String {
        format!("/rooms/{}/{rest}", encode(&self.room))
    }

    /// Whom each message is shown to, one by one and with its surroundings.
    async fn check_single(&self, user: &User, visible: &[&str]) {
        for (text, event) in &self.events {
            let shown = visible.contains(text);
            let status = if shown { 200 } else { 404 };
            let answer = user.event(&self.room, event).await;
            assert_eq!(answer.status, status, "/event of {text} for {}: {answer:?}", user.id);
            let answer = user.get(&self.path(&format!("context/{}?limit=20", encode(event)))).await;
            if !shown {
                assert!(
                    answer.status == 404 || answer.status == 403,
                    "/context of {text} for {}: {answer:?}",
                    user.id
                );
                continue;
            }
            let context = answer.ok();
            let mut around: Vec<&str> = bodies(&context["events_before"]);
            around.reverse();
            around.push(context["event"]["content"]["body"].as_str().unwrap());
            around.extend(bodies(&context["events_after"]));
            assert_eq!(around, visible, "/context of {text} for {}", user.id);
            let relations = self
                .path(&format!("relations/{}", encode(event)))
                .replace("/rooms", "/_matrix/client/v1/rooms");
            user.get(&relations).await.ok();
        }
    }

    /// What the pages show, in both directions and by small steps.
    async fn check_pages(&self, user: &User, visible: &[&str]) {
        for limit in [2, 100] {
            for dir in ["b", "f"] {
                let (mut found, mut from) = (Vec::new(), String::new());
                for _ in 0..50 {
                    let page = user.messages(&self.room, &format!("dir={dir}&limit={limit}{from}")).await;
                    found.extend(bodies(&page["chunk"]).into_iter().map(str::to_owned));
                    let Some(end) = page["end"].as_str() else { break };
                    from = format!("&from={end}");
                }
                if dir == "b" {
                    found.reverse();
                }
                assert_eq!(found, visible, "/messages {dir} by {limit} for {}", user.id);
            }
        }
    }

    async fn check_outside(&self, user: &User) {
        for rest in ["messages?dir=b", "messages?dir=f", "members", "state", "state/m.room.name/"] {
            user.get(&self.path(rest)).await.refused(403, "M_FORBIDDEN");
        }
        user.get(&self.path("joined_members")).await.refused(403, "M_FORBIDDEN");
    }

    /// The state that somebody who left may read is the one he left.
    async fn check_state_of_the_past(&self) {
        let (bob, room) = (&self.bob, &self.room);
        assert_eq!(bob.state(room, "m.room.name", "").await.ok()["name"], "Tea");
        let state = bob.get(&self.path("state")).await.ok();
        assert_eq!(find_state(&state, "m.room.name", "").unwrap()["content"]["name"], "Tea");
        assert_eq!(find_state(&state, "m.room.member", &bob.id).unwrap()["content"]["membership"], "leave");
        let left = bob.sync_with("filter=%7B%22room%22%3A%7B%22include_leave%22%3Atrue%7D%7D").await;
        let left = &left["rooms"]["leave"][room];
        let mut told = left["state"]["events"].as_array().unwrap().clone();
        told.extend(left["timeline"]["events"].as_array().unwrap().clone());
        let told = serde_json::Value::Array(told);
        assert_eq!(find_state(&told, "m.room.name", "").unwrap()["content"]["name"], "Tea");
        assert!(!bodies(&told).contains(&"after"), "{told}");
    }
}

#[tokio::test]
async fn what_is_for_members_is_for_those_who_were_there() {
    let scene = Scene::play("joined").await;
    assert_eq!(scene.seen_inside, ["joined"]);
    scene.check_single(&scene.alice, &STORY).await;
    scene.check_pages(&scene.alice, &STORY).await;
    scene.check_single(&scene.bob, &["joined"]).await;
    scene.check_pages(&scene.bob, &["joined"]).await;
    scene.check_state_of_the_past().await;
    for user in [&scene.carol, &scene.dave] {
        scene.check_single(user, &[]).await;
        scene.check_outside(user).await;
    }
}

#[tokio::test]
async fn the_invited_read_from_their_invitation_on() {
    let scene = Scene::play("invited").await;
    assert_eq!(scene.seen_inside, ["invited", "joined"]);
    scene.check_single(&scene.bob, &["invited", "joined"]).await;
    scene.check_pages(&scene.bob, &["invited", "joined"]).await;
    scene.check_state_of_the_past().await;
    scene.check_single(&scene.carol, &[]).await;
    scene.check_outside(&scene.carol).await;
    // Dave, who has not come yet, reads all of it when he does.
    scene.dave.join(&scene.room).await.ok();
    scene.check_pages(&scene.dave, &["invited", "joined", "after"]).await;
    scene.check_single(&scene.dave, &["invited", "joined", "after"]).await;
}

#[tokio::test]
async fn shared_history_is_for_whoever_was_ever_in() {
    let scene = Scene::play("shared").await;
    assert_eq!(scene.seen_inside, ["before", "invited", "joined"]);
    scene.check_single(&scene.bob, &["before", "invited", "joined"]).await;
    scene.check_pages(&scene.bob, &["before", "invited", "joined"]).await;
    scene.check_state_of_the_past().await;
    for user in [&scene.carol, &scene.dave] {
        scene.check_single(user, &[]).await;
        scene.check_outside(user).await;
    }
    scene.dave.join(&scene.room).await.ok();
    scene.check_pages(&scene.dave, &STORY).await;
}

#[tokio::test]
async fn what_the_world_may_read_anybody_reads() {
    let scene = Scene::play("world_readable").await;
    assert_eq!(scene.seen_inside, ["before", "invited", "joined"]);
    for user in [&scene.alice, &scene.bob, &scene.carol, &scene.dave] {
        scene.check_single(user, &STORY).await;
        scene.check_pages(user, &STORY).await;
    }
    assert_eq!(scene.carol.state(&scene.room, "m.room.name", "").await.ok()["name"], "Coffee");
    let members = scene.carol.get(&scene.path("members?membership=join")).await.ok();
    assert_eq!(members["chunk"].as_array().unwrap().len(), 1, "{members}");
    let summary =
        scene.carol.get(&format!("/_matrix/client/v1/room_summary/{}", encode(&scene.room))).await.ok();
    assert_eq!(summary["world_readable"], true);
    // Reading is not speaking.
    let words = json!({"msgtype": "m.text", "body": "x"});
    scene.carol.send_event(&scene.room, "m.room.message", words).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn each_event_keeps_the_mode_it_was_sent_in() {
    let server = Server::start().await;
    let [alice, bob, carol] =
        [server.register("alice").await, server.register("bob").await, server.register("carol").await];
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let mode = async |mode: &str| {
        let content = json!({"history_visibility": mode});
        alice.set_state(&room, "m.room.history_visibility", "", content).await.event_id()
    };
    mode("joined").await;
    let secret = alice.say(&room, "for members").await;
    let opening = mode("world_readable").await;
    let open = alice.say(&room, "for all").await;
    let closing = mode("joined").await;
    let late = alice.say(&room, "for members again").await;
    bob.join(&room).await.ok();
    for (event, status) in [(&secret, 404), (&opening, 200), (&open, 200), (&closing, 200), (&late, 404)] {
        assert_eq!(bob.event(&room, event).await.status, status);
        assert_eq!(carol.event(&room, event).await.status, status);
    }
    assert_eq!(bodies(&bob.messages(&room, "dir=b&limit=50").await["chunk"]), ["for all"]);
    // Making it shared afterwards does not open what was closed.
    mode("shared").await;
    let shared = alice.say(&room, "shared").await;
    carol.join(&room).await.ok();
    assert_eq!(carol.event(&room, &shared).await.status, 200);
    assert_eq!(carol.event(&room, &late).await.status, 404);
    assert_eq!(bob.event(&room, &secret).await.status, 404);
}

#[tokio::test]
async fn who_comes_again_does_not_see_what_was_in_between() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    for (mode, expected) in [("joined", vec!["one", "three"]), ("shared", vec!["one", "two", "three"])] {
        let state = json!([{"type": "m.room.history_visibility", "content": {"history_visibility": mode}}]);
        let room = alice.create_room(json!({"preset": "public_chat", "initial_state": state})).await;
        bob.join(&room).await.ok();
        alice.say(&room, "one").await;
        bob.leave(&room).await.ok();
        let since = bob.now().await;
        alice.say(&room, "two").await;
        bob.join(&room).await.ok();
        alice.say(&room, "three").await;
        assert_eq!(bodies(&bob.messages(&room, "dir=f&limit=50").await["chunk"]), expected, "{mode}");
        let synced = bob.sync(Some(&since)).await;
        let told = bodies(&synced["rooms"]["join"][&room]["timeline"]["events"]);
        assert_eq!(told.contains(&"two"), mode == "shared", "{mode}: {synced}");
        assert!(told.contains(&"three"), "{synced}");
    }
}
