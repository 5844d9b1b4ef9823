//! Kith servers that federate: TLS under the private authority, each at a loopback address of its own.
//!
//! A server is called like its address and port, so nothing has to be resolved. Clients talk to its other, plain
//! listener.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Answer, Certificate, Server, User, encode, eventually,
    server::{Place, free_port},
};

/// How many pages of history a test reads at most.
const PAGES_MAX: usize = 100;

/// The state of a room: which event stands for each type and state key.
pub(crate) type RoomState = BTreeMap<(String, String), String>;

/// Starts servers that trust each other's certificates.
pub(crate) async fn network<const N: usize>() -> [Server; N] {
    let mut number = 1;
    let starting = [(); N].map(|()| {
        number += 1;
        let host = format!("127.0.0.{number}");
        async move { start_federating(&host, "").await }
    });
    let servers = futures_util::future::join_all(starting).await;
    servers.try_into().unwrap_or_else(|_| unreachable!("as many as were asked for"))
}

/// Starts one server that federates, at this address.
pub(crate) async fn start_federating(host: &str, more: &str) -> Server {
    let place = Place::new(host);
    let federation_port = free_port(host);
    let name = format!("{host}:{federation_port}");
    Certificate::issue(&[host]).write_into(place.directory.path());
    let path = |file: &str| place.directory.path().join(file).display().to_string();
    let (top, tables) = more.split_at(more.find('[').unwrap_or(more.len()));
    let mut config = format!(
        "{top}\n[[listeners]]\naddress = \"{host}:$PORT\"\n\n\
         [[listeners]]\naddress = \"{name}\"\ntls_certificate = \"{}\"\ntls_private_key = \"{}\"\n",
        path("certificate.pem"),
        path("key.pem"),
    );
    if !tables.contains("[outgoing]") {
        config.push_str("\n[outgoing]\ndenied_addresses = []\nextra_ca_certificates = [\"$CA\"]\n");
    }
    config.push_str(&format!("\n{tables}"));
    let config = config.replace("$CA", &path("authority.pem"));
    Server::start_at(place, &name, &config).await
}

impl User {
    /// The name of the user's server.
    pub(crate) fn server_name(&self) -> &str {
        self.id.split_once(':').unwrap().1
    }

    /// Tries to join a room with the help of a server that is in it.
    pub(crate) async fn join_via(&self, room: &str, via: &str) -> Answer {
        self.post(&format!("/join/{}?via={}", encode(room), encode(via)), json!({})).await
    }

    /// Waits until this user's server shows an event, and answers it.
    pub(crate) async fn sees(&self, room: &str, event_id: &str) -> Value {
        eventually(&format!("{} sees {event_id}", self.id), async || {
            let answer = self.event(room, event_id).await;
            if answer.status == 200 { Ok(answer.body) } else { Err(answer.body.to_string()) }
        })
        .await
    }

    /// Waits until this user's server knows somebody's membership of a room as this.
    pub(crate) async fn sees_membership(&self, room: &str, user: &Self, membership: &str) {
        eventually(&format!("{} sees {} as {membership}", self.id, user.id), async || {
            let answer = self.state(room, "m.room.member", &user.id).await;
            if answer.body["membership"] == membership { Ok(()) } else { Err(answer.body.to_string()) }
        })
        .await;
    }

    /// Waits until this user's server shows this content of a state event.
    pub(crate) async fn sees_state(&self, room: &str, kind: &str, key: &str, content: &Value) {
        eventually(&format!("{} sees {kind} as {content}", self.id), async || {
            let answer = self.state(room, kind, key).await;
            if answer.body == *content { Ok(()) } else { Err(answer.body.to_string()) }
        })
        .await;
    }

    /// Waits for an invite, and joins.
    pub(crate) async fn accepts_invite(&self, room: &str) {
        self.sees_invite(room).await;
        self.join(room).await.ok();
    }

    /// Waits for an invite, and answers what comes with it.
    pub(crate) async fn sees_invite(&self, room: &str) -> Value {
        let (invite, _) = self
            .sync_until(None, |answer| {
                let invite = &answer["rooms"]["invite"][room];
                invite.is_object().then(|| invite["invite_state"]["events"].clone())
            })
            .await;
        invite
    }

    /// The whole state of a room, as this user's server has it now.
    pub(crate) async fn room_state(&self, room: &str) -> RoomState {
        let events = self.get(&format!("/rooms/{}/state", encode(room))).await.ok();
        let text = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
        let entry =
            |event: &Value| ((text(event, "type"), text(event, "state_key")), text(event, "event_id"));
        events.as_array().unwrap().iter().map(entry).collect()
    }

    /// Every event of a room that this user can page back to, newest first. Pages come from other servers too.
    pub(crate) async fn history(&self, room: &str) -> Vec<Value> {
        let (mut events, mut from) = (Vec::new(), String::new());
        for _ in 0..PAGES_MAX {
            let page = self.messages(room, &format!("dir=b&limit=50{from}")).await;
            events.extend(page["chunk"].as_array().unwrap().iter().cloned());
            let Some(end) = page["end"].as_str() else { return events };
            from = format!("&from={}", encode(end));
        }
        panic!("the history of {room} does not end");
    }

    /// The texts of all messages of a room, oldest first.
    pub(crate) async fn texts(&self, room: &str) -> Vec<String> {
        let mut events = self.history(room).await;
        events.reverse();
        let body = |event: &Value| event["content"]["body"].as_str().map(str::to_owned);
        events.iter().filter(|event| event["type"] == "m.room.message").filter_map(body).collect()
    }
}

/// Waits until the servers of all these users have the same state of a room, and answers it.
pub(crate) async fn agree(users: &[&User], room: &str) -> RoomState {
    eventually(&format!("agreement on {room}"), async || {
        let mut states = Vec::new();
        for user in users {
            states.push(user.room_state(room).await);
        }
        let differing = |state: &RoomState| -> Vec<String> {
            let others = &states[0];
            let entries = state.iter().filter(|(key, event)| others.get(*key) != Some(event));
            entries.map(|(key, event)| format!("{key:?}: {event}")).collect()
        };
        match states.iter().position(|state| *state != states[0]) {
            None => Ok(states[0].clone()),
            Some(other) => Err(format!("{} has {:?}", users[other].id, differing(&states[other]))),
        }
    })
    .await
}
