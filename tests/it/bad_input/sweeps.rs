//! Every endpoint, every piece of garbage: each is answered, none with a failure, and the server lives on.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{
    endpoints::{ADMIN, CLIENT, Endpoint, FEDERATION, Who},
    garbage::{QUERY_NAMES, QUERY_VALUES, arguments, bodies},
};
use crate::harness::{Answer, Server, User, encode};

/// Requests in flight.
const AT_ONCE: usize = 8;

/// Somebody to send garbage as, and a room to send it into; replaced when the garbage has done away with it.
struct World<'a> {
    server: &'a Server,
    admin: bool,
    sender: User,
    other: User,
    room: String,
    event: String,
}

impl<'a> World<'a> {
    async fn new(server: &'a Server, admin: bool, number: usize) -> Self {
        let sender = format!("sender{number}");
        let sender =
            if admin { server.register_admin(&sender).await } else { server.register(&sender).await };
        let other = server.register(&format!("other{number}")).await;
        let room = sender.create_room(json!({"preset": "public_chat"})).await;
        let event = sender.say(&room, "hello").await;
        Self { server, admin, sender, other, room, event }
    }

    /// The same, or a new one if the sender is not what they were.
    async fn renewed(self, number: usize) -> Self {
        let rooms = self.sender.get("/joined_rooms").await;
        let is_joined =
            rooms.body["joined_rooms"].as_array().is_some_and(|rooms| rooms.contains(&json!(self.room)));
        let whole = is_joined
            && (!self.admin || self.sender.get("/_synapse/admin/v2/users?limit=1").await.status == 200);
        if whole { self } else { Self::new(self.server, self.admin, number).await }
    }

    /// A path with arguments that make sense.
    fn fill(&self, path: &str) -> String {
        fill(path, |name| match name {
            "roomId" | "room_id" | "roomIdOrAlias" | "room_identifier" => encode(&self.room),
            "eventId" | "event_id" => encode(&self.event),
            // Nobody wants to see the sender gone.
            "userId" | "user_id" | "target_user_id" if self.admin => encode(&self.other.id),
            "userId" | "user_id" | "target_user_id" => encode(&self.sender.id),
            "roomAlias" => "%23garbage%3Alocalhost".to_owned(),
            "eventType" => "m.room.message".to_owned(),
            "kind" => "override".to_owned(),
            "receiptType" => "m.read".to_owned(),
            "keyName" => "displayname".to_owned(),
            "relType" => "m.thread".to_owned(),
            "serverName" | "server_name" | "destination" => "localhost".to_owned(),
            "filterId" => "0".to_owned(),
            other => other.to_owned(),
        })
    }

    /// Sends one request as the sender. A connection that is dropped is no answer.
    async fn send(&self, method: &str, path: &str, body: Vec<u8>) -> Answer {
        let request =
            self.server.http.request(method.parse().unwrap(), format!("{}{path}", self.server.base));
        let request = request.bearer_auth(&self.sender.token).header("content-type", "application/json");
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let request_line = format!("{method} {path} {shown}");
        let response =
            request.body(body).send().await.unwrap_or_else(|error| panic!("{request_line}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap_or_else(|error| panic!("{request_line}: {error:?}"));
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { request: request_line, status, headers, body }
    }

    /// Sends many requests at once, and checks every answer.
    async fn check_all(&self, requests: Vec<(&str, String, Vec<u8>)>) {
        let sending = requests.into_iter().map(|(method, path, body)| async move {
            self.send(method, &path, body).await.is_sound();
        });
        stream::iter(sending).buffer_unordered(AT_ONCE).collect::<()>().await;
    }
}

/// A path with its arguments replaced.
fn fill(path: &str, mut argument: impl FnMut(&str) -> String) -> String {
    let mut filled = String::new();
    for part in path.split_inclusive(['{', '}']) {
        match (part.strip_suffix('{'), part.strip_suffix('}')) {
            (Some(text), _) => filled.push_str(text),
            (_, Some(name)) => filled.push_str(&argument(name)),
            _ => filled.push_str(part),
        }
    }
    filled
}

async fn sweep_bodies(endpoints: &[Endpoint], admin: bool) {
    let server = Server::start().await;
    let mut world = World::new(&server, admin, 0).await;
    for (number, (method, path, _)) in endpoints.iter().enumerate() {
        let path = format!("{}?timeout=0", world.fill(path));
        let requests = bodies().into_iter().map(|body| (*method, path.clone(), body)).collect();
        world.check_all(requests).await;
        world = world.renewed(number + 1).await;
    }
    lives_on(&server, &world).await;
}

/// Afterwards everything works as before, also for whoever was sent garbage.
async fn lives_on(server: &Server, world: &World<'_>) {
    let alice = server.register("alice").await;
    alice.join(&world.room).await.ok();
    let event = alice.say(&world.room, "still here").await;
    for user in [&alice, &world.sender] {
        let whole = user.sync(None).await;
        assert!(crate::harness::shows_event(&whole, &world.room, &event), "{whole}");
    }
    server.anonymous("GET", "/_kith/health", None).await.ok();
    for line in server.log().lines() {
        assert!(!line.contains("panicked") && !line.contains("ERROR"), "{line}");
    }
    let (server_log, tokens) = (server.log(), [&alice.token, &world.sender.token]);
    assert!(tokens.iter().all(|token| !server_log.contains(token.as_str())), "a token in the log");
}

#[tokio::test]
async fn garbage_bodies_reach_every_client_endpoint() {
    sweep_bodies(CLIENT, false).await;
}

#[tokio::test]
async fn garbage_bodies_reach_every_admin_endpoint() {
    sweep_bodies(ADMIN, true).await;
}

#[tokio::test]
async fn garbage_bodies_reach_every_federation_endpoint() {
    sweep_bodies(FEDERATION, false).await;
}

#[tokio::test]
async fn garbage_arguments_reach_every_endpoint() {
    let server = Server::start().await;
    let mut world = World::new(&server, true, 0).await;
    let endpoints = CLIENT.iter().chain(ADMIN).chain(FEDERATION).filter(|(_, path, _)| path.contains('{'));
    for (number, (method, path, _)) in endpoints.enumerate() {
        let mut requests = Vec::new();
        for garbage in arguments() {
            let body = if *method == "GET" { Vec::new() } else { b"{}".to_vec() };
            requests.push((*method, fill(path, |_| garbage.clone()), body.clone()));
            // One bad argument among good ones is read further.
            let arguments = path.matches('{').count();
            for bad in (0..arguments).filter(|_| arguments > 1) {
                let names: Vec<&str> =
                    path.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
                let marked = path.replacen(&format!("{{{}}}", names[bad]), &garbage, 1);
                requests.push((*method, world.fill(&marked), body.clone()));
            }
        }
        world.check_all(requests).await;
        world = world.renewed(number + 1).await;
    }
    lives_on(&server, &world).await;
}

#[tokio::test]
async fn garbage_queries_reach_every_reading_endpoint() {
    let server = Server::start().await;
    let world = World::new(&server, false, 0).await;
    let reading = CLIENT.iter().filter(|(method, _, who)| *method == "GET" && *who == Who::User);
    for (method, path, _) in reading {
        let mut requests = Vec::new();
        for name in QUERY_NAMES {
            for value in QUERY_VALUES {
                // A sync must not wait for something to happen.
                let calm = if *name == "timeout" { "" } else { "&timeout=0" };
                requests.push((*method, format!("{}?{name}={value}{calm}", world.fill(path)), Vec::new()));
            }
        }
        requests.push((*method, format!("{}?&&=&==&%", world.fill(path)), Vec::new()));
        requests.push((*method, format!("{}?{}", world.fill(path), "limit=1&".repeat(500)), Vec::new()));
        world.check_all(requests).await;
    }
    lives_on(&server, &world).await;
}
