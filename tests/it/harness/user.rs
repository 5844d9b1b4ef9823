//! A user with one device, and what users do all the time.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    Answer, Server,
    server::{send, try_send},
};

static TRANSACTIONS: AtomicU64 = AtomicU64::new(0);

/// A logged-in user.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) device: String,
    pub(super) base: String,
    pub(super) http: reqwest::Client,
}

impl User {
    /// The user whom a login or registration answer describes.
    pub(crate) fn from_login(server: &Server, answer: &Value) -> Self {
        let text =
            |key: &str| answer[key].as_str().unwrap_or_else(|| panic!("no {key} in {answer}")).to_owned();
        Self {
            id: text("user_id"),
            token: text("access_token"),
            device: text("device_id"),
            base: server.base.clone(),
            http: server.http.clone(),
        }
    }

    /// The same user with the password given at registration, on a new device.
    pub(crate) async fn log_in_again(&self, server: &Server, device: &str) -> Self {
        let name = self.localpart();
        let body = json!({
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": format!("{name}-password"),
            "device_id": device,
        });
        let answer = server.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await.ok();
        Self::from_login(server, &answer)
    }

    /// The same session with a server that has been started again.
    pub(crate) fn on(&self, server: &Server) -> Self {
        Self { base: server.base.clone(), http: server.http.clone(), ..self.clone() }
    }

    /// The same user with another access token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    pub(crate) fn localpart(&self) -> String {
        self.id.trim_start_matches('@').split(':').next().unwrap().to_owned()
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let path = if path.starts_with("/_") { path.to_owned() } else { format!("/_matrix/client/v3{path}") };
        send(&self.http, &self.base, method, &path, Some(&self.token), body).await
    }

    /// The same, where the server may be gone: no answer then.
    pub(crate) async fn try_call(&self, method: &str, path: &str, body: Option<Value>) -> Option<Answer> {
        let path = format!("/_matrix/client/v3{path}");
        try_send(&self.http, &self.base, method, &path, Some(&self.token), body).await.ok()
    }

    /// Paths that do not begin with `/_` are below `/_matrix/client/v3`.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None).await
    }

    /// Creates a room and answers its id.
    pub(crate) async fn create_room(&self, options: Value) -> String {
        self.post("/createRoom", options).await.ok()["room_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn join(&self, room: &str) -> Answer {
        self.post(&format!("/join/{}", encode(room)), json!({})).await
    }

    pub(crate) async fn invite(&self, room: &str, user: &Self) -> Answer {
        self.post(&format!("/rooms/{}/invite", encode(room)), json!({"user_id": user.id})).await
    }

    /// Sends an event with a fresh transaction id.
    pub(crate) async fn send_event(&self, room: &str, kind: &str, content: Value) -> Answer {
        let transaction = TRANSACTIONS.fetch_add(1, Ordering::Relaxed);
        self.put(&format!("/rooms/{}/send/{kind}/t{transaction}", encode(room)), content).await
    }

    /// Sends a text message and answers its event id.
    pub(crate) async fn say(&self, room: &str, text: &str) -> String {
        let content = json!({"msgtype": "m.text", "body": text});
        self.send_event(room, "m.room.message", content).await.ok()["event_id"].as_str().unwrap().to_owned()
    }

    /// Sets a state event.
    pub(crate) async fn set_state(&self, room: &str, kind: &str, key: &str, content: Value) -> Answer {
        self.put(&format!("/rooms/{}/state/{kind}/{}", encode(room), encode(key)), content).await
    }

    /// One sync that answers at once.
    pub(crate) async fn sync(&self, since: Option<&str>) -> Value {
        let since = since.map(|since| format!("&since={since}")).unwrap_or_default();
        self.get(&format!("/sync?timeout=0{since}")).await.ok()
    }

    /// Where the next sync goes on after everything that is there now.
    pub(crate) async fn now(&self) -> String {
        self.sync(None).await["next_batch"].as_str().unwrap().to_owned()
    }

    /// Syncs until `found` answers something; panics after twenty seconds.
    pub(crate) async fn sync_until<R>(
        &self,
        since: Option<&str>,
        mut found: impl FnMut(&Value) -> Option<R>,
    ) -> (R, String) {
        let mut since = since.map(str::to_owned);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while tokio::time::Instant::now() < deadline {
            let query = since.as_ref().map(|since| format!("&since={since}")).unwrap_or_default();
            let answer = self.get(&format!("/sync?timeout=1000{query}")).await.ok();
            let next = answer["next_batch"].as_str().unwrap().to_owned();
            if let Some(result) = found(&answer) {
                return (result, next);
            }
            since = Some(next);
        }
        panic!("{} never saw in /sync what the test waits for", self.id);
    }
}

/// Percent-encodes one path segment.
pub(crate) fn encode(segment: &str) -> String {
    let mut out = String::new();
    for byte in segment.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
