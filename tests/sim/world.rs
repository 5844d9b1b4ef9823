//! The servers, their disks, one user on each, and the room in which it all happens.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use kith_base::{Clock, Random};
use kith_config::{Config, RegistrationMode};
use kith_kv::memory::MemoryEngine;
use kith_server::simulated::{self, Simulated, Surroundings};
use kith_tests::Dice;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::network::Network;

/// How many servers there are.
pub(crate) const SERVERS: usize = 3;
/// Every room version that there is.
const VERSIONS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];
/// When the world begins, in milliseconds since 1970.
const BEGINNING_MS: u64 = 1_750_000_000_000;
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(600);

/// The name of a server.
pub(crate) fn name(at: usize) -> &'static str {
    ["a.sim:8448", "b.sim:8448", "c.sim:8448"][at]
}

/// One user of one server.
pub(crate) struct User {
    pub(crate) id: String,
    token: String,
}

/// All there is.
pub(crate) struct World {
    pub(crate) network: Arc<Network>,
    pub(crate) users: Vec<User>,
    pub(crate) room: String,
    pub(crate) version: &'static str,
    pub(crate) dice: Dice,
    /// What was acknowledged: on which server, and the event id.
    pub(crate) acknowledged: Vec<(usize, String)>,
    seed: u64,
    telling: bool,
    clock: Clock,
    disks: Vec<Arc<MemoryEngine>>,
    /// For how many rounds a server is still down.
    down: [u64; SERVERS],
    directories: Vec<TempDir>,
}

impl World {
    /// Three servers, and a room with one user of each.
    pub(crate) async fn begin(seed: u64, telling: bool) -> Self {
        let mut dice = Dice::new(seed);
        let mut world = Self {
            network: Network::new(seed, SERVERS),
            users: Vec::new(),
            room: String::new(),
            version: VERSIONS[usize::try_from(seed).unwrap() % VERSIONS.len()],
            dice: Dice::new(dice.throw(1 << 30)),
            acknowledged: Vec::new(),
            seed,
            telling,
            clock: Clock::of_runtime(BEGINNING_MS),
            disks: (0..SERVERS).map(|_| simulated::disk()).collect(),
            down: [0; SERVERS],
            directories: (0..SERVERS).map(|_| TempDir::new().unwrap()).collect(),
        };
        for at in 0..SERVERS {
            world.start(at);
            let user = world.register(at).await;
            world.users.push(user);
        }
        world.gather().await;
        world.network.trouble(10, 15);
        world
    }

    fn start(&mut self, at: usize) {
        let link = self.network.link(at);
        let server = Simulated::start(Surroundings {
            config: config(at, self.directories[at].path()),
            disk: Arc::clone(&self.disks[at]),
            network: link,
            clock: self.clock.clone(),
            random: Random::seeded(self.seed.wrapping_mul(31).wrapping_add(self.dice.throw(1 << 30))),
        });
        self.network.seat(at, server.unwrap());
        self.tell(|| format!("{} starts", name(at)));
    }

    async fn register(&self, at: usize) -> User {
        let body = json!({
            "username": "user", "password": "a password", "auth": {"type": "m.login.dummy"},
        });
        let (status, answer) = self.ask(at, "POST", "/register", None, &body).await;
        assert_eq!(status, 200, "{answer}");
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        User { id: text("user_id"), token: text("access_token") }
    }

    /// The first user makes the room, the others come in.
    async fn gather(&mut self) {
        let levels = json!({
            "users_default": 0, "events_default": 0, "state_default": 50, "invite": 0,
            "users": self.first_levels(),
        });
        let room = json!({
            "preset": "public_chat", "room_version": self.version, "power_level_content_override": levels,
        });
        let (status, answer) = self.call(0, "POST", "/createRoom", &room).await;
        assert_eq!(status, 200, "{answer}");
        answer["room_id"].as_str().unwrap().clone_into(&mut self.room);
        for at in 1..SERVERS {
            let (status, answer) = self.join(at).await;
            assert_eq!(status, 200, "{answer}");
        }
        sleep(Duration::from_secs(60)).await;
    }

    fn first_levels(&self) -> Value {
        let mut levels = json!({&self.users[1].id: 60, &self.users[2].id: 60});
        // Whoever made a room of version 12 is above all levels, and must not be among them.
        if self.version != "12" {
            levels[&self.users[0].id] = json!(100);
        }
        levels
    }

    pub(crate) async fn join(&self, at: usize) -> (u16, Value) {
        let via = if at == 0 { 1 } else { 0 };
        self.call(at, "POST", &format!("/join/{}?via={}", encode(&self.room), name(via)), &json!({})).await
    }

    /// A request of the user at a server. Without a server, or without an answer, the status is 0.
    pub(crate) async fn call(&self, at: usize, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.ask(at, method, path, Some(&self.users[at].token), body).await
    }

    async fn ask(
        &self,
        at: usize,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> (u16, Value) {
        let Some(server) = self.network.server(at) else { return (0, Value::Null) };
        let mut request = http::Request::builder().method(method).uri(format!("/_matrix/client/v3{path}"));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Bytes::from(if method == "GET" {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        }));
        let answer = server.answer(request.unwrap(), [127, 0, 0, 1].into());
        let Ok(answer) = timeout(PATIENCE, answer).await else { return (0, Value::Null) };
        let status = answer.status().as_u16();
        assert_ne!(status, 500, "{method} {path} of {body}: {:?}", answer.body());
        (status, serde_json::from_slice(answer.body()).unwrap_or_default())
    }

    /// What the user's server holds as the state of the room: event ids by type and state key.
    pub(crate) async fn state(&self, at: usize) -> Vec<(String, String, String)> {
        let (status, answer) =
            self.call(at, "GET", &format!("/rooms/{}/state", encode(&self.room)), &Value::Null).await;
        assert_eq!(status, 200, "the state of {}: {answer}", name(at));
        let text = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
        let entries = answer.as_array().unwrap().iter();
        let mut state: Vec<_> = entries
            .map(|event| (text(event, "type"), text(event, "state_key"), text(event, "event_id")))
            .collect();
        state.sort();
        state
    }

    /// What a server holds as a user's membership.
    pub(crate) async fn membership(&self, at: usize, of: usize) -> String {
        let path =
            format!("/rooms/{}/state/m.room.member/{}", encode(&self.room), encode(&self.users[of].id));
        let (_status, answer) = self.call(at, "GET", &path, &Value::Null).await;
        answer["membership"].as_str().unwrap_or("none").to_owned()
    }

    /// Lets the network part and heal, and servers crash, stop and start again.
    pub(crate) async fn weather(&mut self) {
        for at in 0..SERVERS {
            if self.down[at] > 0 {
                self.down[at] -= 1;
                if self.down[at] == 0 {
                    self.start(at);
                }
            }
        }
        let (from, to) = (self.throw(SERVERS), self.throw(SERVERS));
        match self.dice.throw(100) {
            0..10 => {
                self.tell(|| format!("{} does not hear {} any more", name(to), name(from)));
                self.network.part(from, to);
            }
            10..20 => {
                self.tell(|| format!("nobody hears {} any more, and it nobody", name(from)));
                for other in (0..SERVERS).filter(|other| *other != from) {
                    self.network.part(from, other);
                    self.network.part(other, from);
                }
            }
            20..45 => {
                self.tell(|| "all hear each other".to_owned());
                self.network.join_again();
            }
            45..52 => self.crash(from),
            52..57 => self.stop(from).await,
            _ => {}
        }
        let pause = self.dice.throw(2_000);
        sleep(Duration::from_millis(pause)).await;
    }

    fn throw(&mut self, sides: usize) -> usize {
        usize::try_from(self.dice.throw(sides as u64)).unwrap()
    }

    /// What is on the disk stays, whatever the server was in the middle of.
    fn crash(&mut self, at: usize) {
        let Some(server) = self.network.unseat(at) else { return };
        self.tell(|| format!("{} crashes", name(at)));
        self.disks[at] = Arc::new(self.disks[at].fork());
        self.down[at] = 1 + self.dice.throw(3);
        // What is left of it writes where nobody reads, and says what nobody hears.
        tokio::spawn(async move {
            if let Some(server) = Arc::into_inner(server) {
                server.stop().await;
            }
        });
    }

    async fn stop(&mut self, at: usize) {
        let Some(server) = self.network.unseat(at) else { return };
        self.tell(|| format!("{} stops", name(at)));
        if let Some(server) = Arc::into_inner(server) {
            assert!(server.stop().await, "{} does not stop", name(at));
        } else {
            // Somebody's request is under way; what comes of it counts no more.
            self.disks[at] = Arc::new(self.disks[at].fork());
        }
        self.down[at] = 1 + self.dice.throw(3);
    }

    /// Everything works again.
    pub(crate) fn heal(&mut self) {
        self.tell(|| "peace".to_owned());
        self.network.trouble(0, 0);
        self.network.join_again();
        for at in 0..SERVERS {
            if self.network.server(at).is_none() {
                self.start(at);
                self.down[at] = 0;
            }
        }
    }

    pub(crate) async fn end(self) {
        for at in 0..SERVERS {
            if let Some(server) = self.network.unseat(at).and_then(Arc::into_inner) {
                assert!(server.stop().await, "{} does not stop", name(at));
            }
        }
    }

    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        if self.telling {
            println!("{:>9} {}", self.clock.now_ms() - BEGINNING_MS, what());
        }
    }

    /// What to say of a failure.
    pub(crate) fn story(&self) -> String {
        format!("seed {}, room version {}", self.seed, self.version)
    }
}

fn config(at: usize, directory: &std::path::Path) -> Config {
    let mut config =
        Config { server_name: name(at).to_owned(), data_dir: directory.to_owned(), ..Config::default() };
    config.registration.mode = Some(RegistrationMode::Open);
    config.rate_limits.enabled = false;
    config.passwords.memory_kib = 8;
    config.passwords.iterations = 1;
    config.federation.trusted_key_servers = Vec::new();
    config.federation.backoff_max_ms = 60_000;
    config.storage.memory_budget_mib = 64;
    config.search.enabled = false;
    config
}

/// A text as part of a path.
pub(crate) fn encode(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}
