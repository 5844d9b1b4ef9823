//! A logged-in device and what it can ask of the server.

use crate::Outcome;
use crate::homeserver::{Call, Homeserver};
use reqwest::Method;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Clone)]
pub(crate) struct Session {
    server: Arc<Homeserver>,
    user_id: Arc<str>,
    token: Arc<str>,
}

/// One answer to `/sync`.
pub(crate) struct Synced {
    pub(crate) next_batch: String,
    /// All of it, unparsed: whoever waits for a message looks for its text.
    pub(crate) text: String,
}

/// One page of a room's history; whoever only counts the events takes them as [`IgnoredAny`].
#[derive(Deserialize)]
pub(crate) struct Page<E> {
    pub(crate) chunk: Vec<E>,
    pub(crate) end: Option<String>,
}

#[derive(Deserialize)]
struct NextBatch {
    next_batch: String,
}

#[derive(Deserialize)]
struct RoomId {
    room_id: String,
}

impl Session {
    pub(crate) fn new(server: Arc<Homeserver>, user_id: String, token: String) -> Session {
        Session { server, user_id: user_id.into(), token: token.into() }
    }

    pub(crate) fn user_id(&self) -> &str {
        &self.user_id
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A room that everybody of the server may join, by a client's usual request.
    pub(crate) async fn create_room(&self, name: &str) -> Outcome<String> {
        let body = json!({"preset": "public_chat", "name": name});
        let created: RoomId = self.ask(Method::POST, &["createRoom"], &[], Some(body)).await?;
        Ok(created.room_id)
    }

    pub(crate) async fn join(&self, room: &str) -> Outcome<()> {
        let _joined: RoomId = self.ask(Method::POST, &["join", room], &[], Some(json!({}))).await?;
        Ok(())
    }

    /// Joins by way of another server that is in the room.
    pub(crate) async fn join_via(&self, room: &str, via: &str) -> Outcome<()> {
        // Older servers know the second name only.
        let query = [("via", via), ("server_name", via)];
        let _joined: RoomId = self.ask(Method::POST, &["join", room], &query, Some(json!({}))).await?;
        Ok(())
    }

    pub(crate) async fn send(&self, room: &str, text: &str) -> Outcome<()> {
        // The access token is part of a transaction id's scope, the run is not: a server kept from an earlier run
        // has other tokens.
        let transaction = format!("bench-{}", self.server.next_transaction());
        let path = ["rooms", room, "send", "m.room.message", &transaction];
        let body = json!({"msgtype": "m.text", "body": text});
        let _sent: IgnoredAny = self.ask(Method::PUT, &path, &[], Some(body)).await?;
        Ok(())
    }

    pub(crate) async fn put_state(&self, room: &str, kind: &str, key: &str, content: Value) -> Outcome<()> {
        let path = ["rooms", room, "state", kind, key];
        let _sent: IgnoredAny = self.ask(Method::PUT, &path, &[], Some(content)).await?;
        Ok(())
    }

    pub(crate) async fn sync(&self, since: Option<&str>, timeout_ms: u64) -> Outcome<Synced> {
        let timeout = timeout_ms.to_string();
        let mut query = vec![("timeout", timeout.as_str())];
        query.extend(since.map(|since| ("since", since)));
        let path = ["_matrix", "client", "v3", "sync"];
        let token = Some(&*self.token);
        let call = Call { method: Method::GET, path: &path, query: &query, token, body: None };
        let text = self.server.text(&call).await?;
        let next_batch = serde_json::from_str::<NextBatch>(&text)?.next_batch;
        Ok(Synced { next_batch, text })
    }

    /// A page of history going back, from a token or from the newest event.
    pub(crate) async fn page_back<E: DeserializeOwned>(
        &self,
        room: &str,
        from: Option<&str>,
        limit: usize,
    ) -> Outcome<Page<E>> {
        let limit = limit.to_string();
        let mut query = vec![("dir", "b"), ("limit", limit.as_str())];
        query.extend(from.map(|from| ("from", from)));
        self.ask(Method::GET, &["rooms", room, "messages"], &query, None).await
    }

    /// A request below `/_matrix/client/v3/`.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Outcome<T> {
        let path = [&["_matrix", "client", "v3"], path].concat();
        self.ask_at(method, &path, query, body).await
    }

    /// A request anywhere.
    pub(crate) async fn ask_at<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Outcome<T> {
        self.server.call(&Call { method, path, query, token: Some(&self.token), body }).await
    }
}
