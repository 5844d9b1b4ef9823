//! A server is killed again and again while many write to it. Whatever it acknowledged must be there afterwards, once.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Server, User, encode, spawn};

/// How often the server is killed while it serves.
const KILLS: usize = 20;
/// How often it is killed on top of that while it starts.
const KILLS_AT_START: usize = 5;
/// After this long at most.
const LIFE_MS_MAX: u64 = 350;
const START_MS_MAX: u64 = 250;
/// The state that writers count in.
const COUNTER: &str = "org.example.counter";

/// Numbers that nobody foresees, but that can be used again: `CRASH_SEED` repeats a run's moments.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let given = std::env::var("CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        eprintln!("CRASH_SEED={seed}");
        Self(seed | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        // Xorshift: even enough for moments.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn moment(&mut self, max_ms: u64) -> Duration {
        Duration::from_millis(self.below(max_ms))
    }
}

/// Somebody who writes into a room without a pause.
struct Writer {
    user: User,
    room: String,
    name: String,
    written: u64,
    /// Messages that were acknowledged: event id and text.
    promised: Vec<(String, String)>,
    /// The last count that was acknowledged as state, and the last that was tried.
    state: (u64, u64),
    /// The same as account data.
    account_data: (u64, u64),
    /// The message that was on its way when the server went.
    unanswered: Option<(String, String)>,
}

impl Writer {
    fn new(user: &User, room: &str, index: usize) -> Self {
        Self {
            user: user.clone(),
            room: room.to_owned(),
            name: format!("writer {index}"),
            written: 0,
            promised: Vec::new(),
            state: (0, 0),
            account_data: (0, 0),
            unanswered: None,
        }
    }

    /// Writes until the server is gone.
    async fn write(&mut self) {
        loop {
            self.written += 1;
            let number = self.written;
            let survived = match number % 5 {
                0 => self.write_state(number).await,
                1 => self.write_account_data(number).await,
                2 => self.type_for_a_while().await,
                _ => self.write_message(number).await,
            };
            if !survived {
                return;
            }
        }
    }

    async fn write_message(&mut self, number: u64) -> bool {
        let (transaction, text) =
            (format!("{}-{number}", encode(&self.name)), format!("{} {number}", self.name));
        self.unanswered = Some((transaction, text));
        self.finish_message().await
    }

    /// Sends the message that has not been answered, under its transaction id.
    async fn finish_message(&mut self) -> bool {
        let Some((transaction, text)) = self.unanswered.clone() else { return true };
        let path = format!("/rooms/{}/send/m.room.message/{transaction}", encode(&self.room));
        let content = json!({"msgtype": "m.text", "body": text});
        let Some(answer) = self.user.try_call("PUT", &path, Some(content)).await else { return false };
        self.promised.push((answer.event_id(), text));
        self.unanswered = None;
        true
    }

    async fn write_state(&mut self, number: u64) -> bool {
        self.state.1 = number;
        let path = format!("/rooms/{}/state/{COUNTER}/{}", encode(&self.room), encode(&self.name));
        let Some(answer) = self.user.try_call("PUT", &path, Some(json!({"count": number}))).await else {
            return false;
        };
        answer.ok();
        self.state.0 = number;
        true
    }

    async fn write_account_data(&mut self, number: u64) -> bool {
        self.account_data.1 = number;
        let path = format!("/user/{}/account_data/{}", encode(&self.user.id), encode(&self.name));
        let Some(answer) = self.user.try_call("PUT", &path, Some(json!({"count": number}))).await else {
            return false;
        };
        answer.ok();
        self.account_data.0 = number;
        true
    }

    /// What is not kept moves the position of `/sync` all the same.
    async fn type_for_a_while(&mut self) -> bool {
        let path = format!("/rooms/{}/typing/{}", encode(&self.room), encode(&self.user.id));
        let body = json!({"typing": self.written.is_multiple_of(2), "timeout": 30_000});
        self.user.try_call("PUT", &path, Some(body)).await.map(|answer| answer.ok()).is_some()
    }

    /// Asks for everything that was promised since the last time.
    async fn check(&mut self, checked: usize) {
        for (event, text) in &self.promised[checked..] {
            let path = format!("/rooms/{}/event/{}", encode(&self.room), encode(event));
            assert_eq!(self.user.get(&path).await.ok()["content"]["body"], *text);
        }
        let path = format!("/rooms/{}/state/{COUNTER}/{}", encode(&self.room), encode(&self.name));
        self.state.0 = self.check_count(&path, self.state).await;
        let path = format!("/user/{}/account_data/{}", encode(&self.user.id), encode(&self.name));
        self.account_data.0 = self.check_count(&path, self.account_data).await;
    }

    /// What was acknowledged is there, or what came after it; nothing else.
    async fn check_count(&self, path: &str, (acknowledged, tried): (u64, u64)) -> u64 {
        let answer = self.user.get(path).await;
        let found = if answer.status == 404 { 0 } else { answer.ok()["count"].as_u64().unwrap() };
        assert!(found == acknowledged || found == tried, "{path}: {found} of {acknowledged} or {tried}");
        found
    }
}

/// Somebody who follows all rooms by incremental syncs, over every crash.
struct Reader {
    user: User,
    since: String,
    /// How often each message was seen.
    seen: BTreeMap<String, usize>,
}

impl Reader {
    /// Reads until the server is gone.
    async fn read(&mut self) {
        while self.sync(100).await.is_some() {}
    }

    /// One sync; how many messages it brought, if the server was there.
    async fn sync(&mut self, timeout_ms: u64) -> Option<usize> {
        let filter = encode(r#"{"room":{"timeline":{"limit":10,"types":["m.room.message"]}}}"#);
        let path = format!("/sync?timeout={timeout_ms}&since={}&filter={filter}", self.since);
        let answer = self.user.try_call("GET", &path, None).await?.ok();
        let mut events = Vec::new();
        for (room, told) in answer["rooms"]["join"].as_object().into_iter().flatten() {
            let timeline = &told["timeline"];
            events.extend(message_ids(&timeline["events"]));
            if timeline["limited"] == true {
                events.extend(self.gap(room, timeline["prev_batch"].as_str().unwrap()).await?);
            }
        }
        // Only now: what broke off is asked for again from where it began.
        answer["next_batch"].as_str().unwrap().clone_into(&mut self.since);
        for event in &events {
            *self.seen.entry(event.clone()).or_default() += 1;
        }
        Some(events.len())
    }

    /// What lies between a timeline and the last sync, as clients fetch it.
    async fn gap(&self, room: &str, before: &str) -> Option<Vec<String>> {
        let (mut events, mut from) = (Vec::new(), before.to_owned());
        loop {
            let query = format!("dir=b&limit=100&from={}&to={}", encode(&from), encode(&self.since));
            let path = format!("/rooms/{}/messages?{query}", encode(room));
            let page = self.user.try_call("GET", &path, None).await?.ok();
            events.extend(message_ids(&page["chunk"]));
            match page["end"].as_str() {
                Some(end) => end.clone_into(&mut from),
                None => return Some(events),
            }
        }
    }
}

/// The ids of the messages among events.
fn message_ids(events: &Value) -> Vec<String> {
    let messages = events.as_array().unwrap().iter().filter(|event| event["type"] == "m.room.message");
    messages.map(|event| event["event_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_was_acknowledged_survives_every_crash() {
    let mut chance = Chance::new();
    let mut server = Server::start().await;
    let mut users = Vec::new();
    for name in ["alice", "bob", "carol"] {
        users.push(server.register(name).await);
    }
    let (mut writers, mut reader) = populate(&users).await;
    for kill in 0..KILLS {
        let checked: Vec<usize> = writers.iter().map(|writer| writer.promised.len()).collect();
        let life = chance.moment(LIFE_MS_MAX);
        tokio::join!(join_all(writers.iter_mut().map(Writer::write)), reader.read(), async {
            tokio::time::sleep(life).await;
            server.crash();
        });
        if kill % (KILLS / KILLS_AT_START) == 0 {
            let mut starting = spawn(server.path());
            tokio::time::sleep(chance.moment(START_MS_MAX)).await;
            starting.kill().unwrap();
            starting.wait().unwrap();
        }
        let (clean, output) = server.command(&["check"]);
        assert!(clean, "after kill {kill}: {output}");
        server = server.run_again().await;
        for writer in &mut writers {
            writer.user = writer.user.on(&server);
        }
        reader.user = reader.user.on(&server);
        for (writer, checked) in writers.iter_mut().zip(checked) {
            writer.check(checked).await;
            assert!(writer.finish_message().await, "the server is there again");
        }
    }
    check_history(&writers, &mut reader).await;
    server.terminate().await;
}

/// Two rooms in which everybody is, with a writer for each of them in each.
async fn populate(users: &[User]) -> (Vec<Writer>, Reader) {
    let mut rooms = Vec::new();
    for user in &users[..2] {
        let levels = json!({"events": {COUNTER: 0}});
        let options = json!({"preset": "public_chat", "power_level_content_override": levels});
        rooms.push(user.create_room(options).await);
    }
    let mut writers = Vec::new();
    for room in &rooms {
        for user in users {
            user.join(room).await.ok();
            writers.push(Writer::new(user, room, writers.len()));
        }
    }
    let reader = Reader { user: users[2].clone(), since: users[2].now().await, seen: BTreeMap::new() };
    (writers, reader)
}

/// In the end, each room's history holds each message once, and the reader has seen each once.
async fn check_history(writers: &[Writer], reader: &mut Reader) {
    while reader.sync(0).await.expect("the server is there") > 0 {}
    let mut total = 0;
    let rooms: BTreeSet<&str> = writers.iter().map(|writer| writer.room.as_str()).collect();
    for room in rooms {
        let mut history: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut from = String::new();
        loop {
            let page = reader
                .user
                .get(&format!("/rooms/{}/messages?dir=b&limit=500{from}", encode(room)))
                .await
                .ok();
            for event in page["chunk"].as_array().unwrap() {
                if event["type"] == "m.room.message" {
                    let text = event["content"]["body"].as_str().unwrap().to_owned();
                    history.entry(text).or_default().push(event["event_id"].as_str().unwrap().to_owned());
                }
            }
            let Some(end) = page["end"].as_str() else { break };
            from = format!("&from={}", encode(end));
        }
        for writer in writers.iter().filter(|writer| writer.room == room) {
            for (event, text) in &writer.promised {
                assert_eq!(history.get(text), Some(&vec![event.clone()]), "{text}");
                assert_eq!(reader.seen.get(event), Some(&1), "the reader's syncs of {text:?}");
                total += 1;
            }
        }
        let expected: usize =
            writers.iter().filter(|writer| writer.room == room).map(|writer| writer.promised.len()).sum();
        assert_eq!(history.len(), expected, "messages that nobody sent");
    }
    eprintln!("{total} acknowledged messages are all there");
    assert!(total > 100, "too little load to prove anything: {total}");
}

#[tokio::test]
async fn an_account_is_there_or_not_at_all() {
    let mut chance = Chance::new();
    let mut server = Server::start().await;
    let mut users: Vec<User> = Vec::new();
    for round in 0..4 {
        let body = |name: &str| json!({"username": name, "password": "a good password", "auth": {"type": "m.login.dummy"}});
        let names: Vec<String> = (0..6).map(|index| format!("user{round}x{index}")).collect();
        let life = chance.moment(150);
        let (http, base) = (server.http.clone(), server.base.clone());
        let register = |name| Server::try_anonymous(&http, &base, "/_matrix/client/v3/register", body(name));
        let registering = join_all(names.iter().map(|name| register(name)));
        let (answers, ()) = tokio::join!(registering, async {
            tokio::time::sleep(life).await;
            server.crash();
        });
        server = server.run_again().await;
        for (name, answer) in names.iter().zip(answers) {
            if let Some(answer) = answer {
                users.push(User::from_login(&server, &answer.ok()));
                continue;
            }
            // Nobody was told; the name is free, or the account is whole.
            let login = json!({"type": "m.login.password", "password": "a good password",
                "identifier": {"type": "m.id.user", "user": name}});
            let login = server.anonymous("POST", "/_matrix/client/v3/login", Some(login)).await;
            let again = server.anonymous("POST", "/_matrix/client/v3/register", Some(body(name))).await;
            if login.status == 200 {
                again.refused(400, "M_USER_IN_USE");
            } else {
                login.refused(403, "M_FORBIDDEN");
                again.ok();
            }
        }
        for user in &mut users {
            *user = user.on(&server);
            let who: Value = user.get("/account/whoami").await.ok();
            assert_eq!(who["user_id"], *user.id);
        }
    }
}
