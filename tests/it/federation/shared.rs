//! What most tests of this API begin with: a room that a peer's user is in, and a peer that has nothing to do with it.

use serde_json::{Value, json};

use crate::harness::{Answer, Peer, Server, User, encode, start_federating};

/// A server, a room on it, and two peers.
pub(super) struct Shared {
    pub(super) server: Server,
    pub(super) alice: User,
    /// A peer with a user in the room.
    pub(super) peer: Peer,
    pub(super) bob: String,
    /// A peer with nobody in the room.
    pub(super) stranger: Peer,
    pub(super) room: String,
}

impl Shared {
    /// A public room of the newest version.
    pub(super) async fn start() -> Self {
        Self::start_with(json!({"preset": "public_chat"})).await
    }

    /// A room made with these options, which must let anybody join.
    pub(super) async fn start_with(options: Value) -> Self {
        let (server, peer, stranger) = tokio::join!(
            start_federating("127.0.0.2", ""),
            Peer::start("127.0.0.7"),
            Peer::start("127.0.0.8")
        );
        let alice = server.register("alice").await;
        let room = alice.create_room(options).await;
        let bob = peer.user("bob");
        peer.join(&server, &room, &bob).await;
        Self { server, alice, peer, bob, stranger, room }
    }

    /// A signed request of the peer in the room.
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.peer.get(&self.server, path).await
    }

    /// The room's id as part of a path.
    pub(super) fn room_part(&self) -> String {
        encode(&self.room)
    }

    /// The events of the room's state, as alice sees them.
    pub(super) async fn state_event(&self, kind: &str, key: &str) -> Value {
        let state = self.alice.get(&format!("/rooms/{}/state", self.room_part())).await.ok();
        let found =
            state.as_array().unwrap().iter().find(|event| event["type"] == kind && event["state_key"] == key);
        found.unwrap_or_else(|| panic!("no {kind} {key:?} in {state}")).clone()
    }

    /// Checks that a request which the peer in the room may make is refused to whoever may not: a server outside of
    /// the room gets `outside`; unsigned, misdirected and forged requests get nowhere; a banned server gets nothing.
    pub(super) async fn guards(&self, method: &str, path: &str, body: Option<Value>, outside: (u16, &str)) {
        self.peer.ask(&self.server, method, path, body.clone()).await.ok();
        self.stranger.ask(&self.server, method, path, body.clone()).await.refused(outside.0, outside.1);
        checks_signature(&self.server, &self.peer, method, path, body.clone()).await;
        let acl = json!({"allow": ["*"], "deny": ["127.0.0.7"]});
        self.alice.set_state(&self.room, "m.room.server_acl", "", acl).await.ok();
        self.peer.ask(&self.server, method, path, body).await.refused(403, "M_FORBIDDEN");
    }
}

/// Checks that a request needs the peer's signature over just itself.
pub(super) async fn checks_signature(
    server: &Server,
    peer: &Peer,
    method: &str,
    path: &str,
    body: Option<Value>,
) {
    let elsewhere = peer.authorization("elsewhere.example", method, path, body.as_ref());
    let other_path = peer.authorization(&server.name, method, &format!("{path}&"), body.as_ref());
    let other_method = peer.authorization(&server.name, "DELETE", path, body.as_ref());
    let other_body = peer.authorization(&server.name, method, path, Some(&json!({"other": 1})));
    for header in [None, Some(&elsewhere), Some(&other_path), Some(&other_method), Some(&other_body)] {
        let answer = peer.ask_with(server, method, path, body.clone(), header.map(String::as_str)).await;
        answer.refused(401, "M_UNAUTHORIZED");
    }
}

/// Checks that a request about a room is refused to a server that is not in it, and needs its signature. `path` makes
/// it of the encoded ids of the room and of an event there.
pub(super) async fn refuses_outsiders(
    method: &str,
    body: impl FnOnce(&str) -> Option<Value>,
    outside: (u16, &str),
    path: impl FnOnce(&str, &str) -> String,
) {
    let (server, stranger) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.8"));
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let event = alice.say(&room, "hello").await;
    let (path, body) = (path(&encode(&room), &encode(&event)), body(&event));
    stranger.ask(&server, method, &path, body.clone()).await.refused(outside.0, outside.1);
    checks_signature(&server, &stranger, method, &path, body).await;
}
