//! Rooms that are open to the members of other rooms.
//! <https://spec.matrix.org/v1.19/client-server-api/#restricted-rooms>

use serde_json::{Value, json};

use crate::harness::{Server, User};

struct Scene {
    _server: Server,
    alice: User,
    bob: User,
    carol: User,
    space: String,
}

impl Scene {
    /// Bob is in the space, Carol is not.
    async fn start() -> Self {
        let server = Server::start().await;
        let (alice, bob) = (server.register("alice").await, server.register("bob").await);
        let carol = server.register("carol").await;
        let space = alice.create_room(json!({"preset": "public_chat"})).await;
        bob.join(&space).await.ok();
        Self { _server: server, alice, bob, carol, space }
    }

    async fn room(&self, rule: &str, allow: Value, more: Value) -> String {
        let rule = json!({"join_rule": rule, "allow": allow});
        let mut options = json!({"initial_state": [{"type": "m.room.join_rules", "content": rule}]});
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.alice.create_room(options).await
    }

    fn through_the_space(&self) -> Value {
        json!([
            {"type": "org.example.unknown", "room_id": self.space},
            {"type": "m.room_membership", "room_id": "!nowhere:localhost"},
            {"type": "m.room_membership", "room_id": self.space},
        ])
    }
}

#[tokio::test]
async fn members_of_the_space_come_in_on_a_members_word() {
    let scene = Scene::start().await;
    let room = scene.room("restricted", scene.through_the_space(), json!({})).await;
    scene.carol.join(&room).await.refused(403, "M_FORBIDDEN");
    scene.bob.join(&room).await.ok();
    let content = scene.alice.state(&room, "m.room.member", &scene.bob.id).await.ok();
    assert_eq!(content["join_authorised_via_users_server"], *scene.alice.id);
    // Who is in needs nobody's word to change his name.
    let path = format!("/profile/{}/displayname", scene.bob.id);
    scene.bob.put(&path, json!({"displayname": "Robert"})).await.ok();
    let content = scene.alice.state(&room, "m.room.member", &scene.bob.id).await.ok();
    assert_eq!(content["displayname"], "Robert", "{content}");
    // An invite opens the door too.
    scene.alice.invite(&room, &scene.carol).await.ok();
    scene.carol.join(&room).await.ok();
    let content = scene.alice.state(&room, "m.room.member", &scene.carol.id).await.ok();
    assert!(content["join_authorised_via_users_server"].is_null(), "{content}");
    // Whoever is thrown out may come back while in the space; whoever is banned may not.
    scene.alice.kick(&room, &scene.bob).await.ok();
    scene.bob.join(&room).await.ok();
    scene.alice.ban(&room, &scene.bob).await.ok();
    scene.bob.join(&room).await.refused(403, "M_FORBIDDEN");
    scene.alice.unban(&room, &scene.bob).await.ok();
    scene.bob.leave(&scene.space).await.ok();
    scene.bob.join(&room).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn without_a_condition_that_is_met_nobody_comes_in() {
    let scene = Scene::start().await;
    for allow in [json!([]), json!("everybody"), json!([{"type": "m.room_membership"}]), json!([5, null, {}])]
    {
        let room = scene.room("restricted", allow, json!({})).await;
        scene.bob.join(&room).await.refused(403, "M_FORBIDDEN");
    }
}

#[tokio::test]
async fn somebody_must_be_able_to_vouch() {
    let scene = Scene::start().await;
    // In a room of version 11 nobody is above its levels, so nobody can invite.
    let levels = json!({"invite": 101});
    let more = json!({"room_version": "11", "power_level_content_override": levels});
    let room = scene.room("restricted", scene.through_the_space(), more).await;
    scene.bob.join(&room).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn others_may_knock_where_that_is_allowed() {
    let scene = Scene::start().await;
    let room = scene.room("knock_restricted", scene.through_the_space(), json!({})).await;
    scene.bob.join(&room).await.ok();
    scene.carol.join(&room).await.refused(403, "M_FORBIDDEN");
    scene.carol.knock(&room).await.ok();
    scene.carol.join(&room).await.refused(403, "M_FORBIDDEN");
    scene.alice.invite(&room, &scene.carol).await.ok();
    scene.carol.join(&room).await.ok();
    let room = scene.room("restricted", scene.through_the_space(), json!({})).await;
    scene.carol.knock(&room).await.refused(403, "M_FORBIDDEN");
}
