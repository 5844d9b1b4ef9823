//! The server under load, as its HTTP interface: requests, waiting out rate limits, and making accounts.

pub(crate) mod files;

use crate::Outcome;
use crate::session::Session;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha1::Sha1;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Every account has it; guessing it is no part of the measurement.
pub(crate) const PASSWORD: &str = "measured in good faith";

const REQUEST_SECONDS_MAX: u64 = 600;
/// How often one request is tried again after M_LIMIT_EXCEEDED.
const LIMITED_TRIES_MAX: u32 = 50;
const LIMITED_PAUSE_MS_DEFAULT: u64 = 500;
const REFUSAL_CHARS_MAX: usize = 300;

pub(crate) struct Homeserver {
    base: Url,
    http: reqwest::Client,
    shared_secret: Option<String>,
    appservice_token: Option<String>,
    limited: AtomicU64,
    transactions: AtomicU64,
}

/// One request of the client-server API.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// The path below `/`, not yet percent-encoded.
    pub(crate) path: &'a [&'a str],
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) token: Option<&'a str>,
    pub(crate) body: Option<Value>,
}

#[derive(Deserialize)]
struct LoggedIn {
    user_id: String,
    access_token: String,
}

impl Homeserver {
    pub(crate) fn new(
        base: &str,
        shared_secret: Option<String>,
        appservice_token: Option<String>,
    ) -> Outcome<Arc<Homeserver>> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(REQUEST_SECONDS_MAX))
            // Compression would measure the compressor, and not every server offers it.
            .gzip(false)
            .no_proxy()
            .build()?;
        Ok(Arc::new(Homeserver {
            base: Url::parse(base)?,
            http,
            shared_secret,
            appservice_token,
            limited: AtomicU64::new(0),
            transactions: AtomicU64::new(0),
        }))
    }

    /// How many answers so far were M_LIMIT_EXCEEDED: a measurement with any says little about speed.
    pub(crate) fn limited(&self) -> u64 {
        self.limited.load(Ordering::Relaxed)
    }

    /// A number that no earlier call got.
    pub(crate) fn next_transaction(&self) -> u64 {
        self.transactions.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) async fn call<T: DeserializeOwned>(&self, call: &Call<'_>) -> Outcome<T> {
        Ok(serde_json::from_str(&self.text(call).await?)?)
    }

    /// The body of the answer as it stands.
    pub(crate) async fn text(&self, call: &Call<'_>) -> Outcome<String> {
        for _ in 0..LIMITED_TRIES_MAX {
            let (status, body) = self.exchange(call).await?;
            if status.is_success() {
                return Ok(body);
            }
            if status != StatusCode::TOO_MANY_REQUESTS {
                let refusal: String = body.chars().take(REFUSAL_CHARS_MAX).collect();
                return Err(format!("{} /{}: {status}: {refusal}", call.method, call.path.join("/")).into());
            }
            self.limited.fetch_add(1, Ordering::Relaxed);
            let pause_ms = serde_json::from_str::<Value>(&body)?["retry_after_ms"].as_u64();
            tokio::time::sleep(Duration::from_millis(pause_ms.unwrap_or(LIMITED_PAUSE_MS_DEFAULT))).await;
        }
        Err(format!("/{}: refused {LIMITED_TRIES_MAX} times by a rate limit", call.path.join("/")).into())
    }

    async fn exchange(&self, call: &Call<'_>) -> Outcome<(StatusCode, String)> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| "the base URL has no path")?.pop_if_empty().extend(call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        let mut request = self.http.request(call.method.clone(), url);
        if let Some(token) = call.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        Ok((status, answer.text().await?))
    }

    /// Makes an account and a first device for it.
    pub(crate) async fn register(self: &Arc<Self>, name: &str) -> Outcome<Session> {
        let logged_in = match &self.shared_secret {
            Some(secret) => self.register_with_secret(name, secret).await?,
            None => self.register_openly(name).await?,
        };
        Ok(Session::new(Arc::clone(self), logged_in.user_id, logged_in.access_token))
    }

    /// Makes one of many accounts, whose making is not what is measured: without a password if that is possible.
    pub(crate) async fn register_in_crowd(self: &Arc<Self>, name: &str) -> Outcome<Session> {
        let Some(token) = &self.appservice_token else { return self.register(name).await };
        let call = Call {
            method: Method::POST,
            path: &["_matrix", "client", "v3", "register"],
            query: &[],
            token: Some(token),
            body: Some(json!({"type": "m.login.application_service", "username": name})),
        };
        let logged_in: LoggedIn = self.call(&call).await?;
        Ok(Session::new(Arc::clone(self), logged_in.user_id, logged_in.access_token))
    }

    async fn register_openly(&self, name: &str) -> Outcome<LoggedIn> {
        let path = &["_matrix", "client", "v3", "register"];
        let body = |auth: Value| json!({"username": name, "password": PASSWORD, "auth": auth});
        let dummy = json!({"type": "m.login.dummy"});
        let call =
            |auth| Call { method: Method::POST, path, query: &[], token: None, body: Some(body(auth)) };
        match self.call(&call(dummy)).await {
            Ok(logged_in) => Ok(logged_in),
            Err(refusal) => {
                // Some servers want to be asked for a session first.
                let asked = Call { body: Some(json!({})), ..call(Value::Null) };
                let (status, challenge) = self.exchange(&asked).await?;
                if status != StatusCode::UNAUTHORIZED {
                    return Err(refusal);
                }
                let session = serde_json::from_str::<Value>(&challenge)?["session"].take();
                self.call(&call(json!({"type": "m.login.dummy", "session": session}))).await
            }
        }
    }

    async fn register_with_secret(&self, name: &str, secret: &str) -> Outcome<LoggedIn> {
        let path = &["_synapse", "admin", "v1", "register"];
        let ask = Call { method: Method::GET, path, query: &[], token: None, body: None };
        let nonce = self.call::<Value>(&ask).await?["nonce"].as_str().ok_or("no nonce")?.to_owned();
        let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes())?;
        mac.update(format!("{nonce}\0{name}\0{PASSWORD}\0notadmin").as_bytes());
        let mac: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let body =
            json!({"nonce": nonce, "username": name, "password": PASSWORD, "admin": false, "mac": mac});
        self.call(&Call { method: Method::POST, path, query: &[], token: None, body: Some(body) }).await
    }

    /// Logs in on a new device.
    pub(crate) async fn log_in(self: &Arc<Self>, user_id: &str) -> Outcome<Session> {
        let identifier = json!({"type": "m.id.user", "user": user_id});
        let logged_in: LoggedIn = self
            .call(&Call {
                method: Method::POST,
                path: &["_matrix", "client", "v3", "login"],
                query: &[],
                token: None,
                body: Some(
                    json!({"type": "m.login.password", "identifier": identifier, "password": PASSWORD}),
                ),
            })
            .await?;
        Ok(Session::new(Arc::clone(self), logged_in.user_id, logged_in.access_token))
    }

    /// What the server says it is; for the report only.
    pub(crate) async fn find_version(&self) -> Option<String> {
        let path = &["_matrix", "federation", "v1", "version"];
        let ask = Call { method: Method::GET, path, query: &[], token: None, body: None };
        let answer: Value = self.call(&ask).await.ok()?;
        let server = &answer["server"];
        Some(format!("{} {}", server["name"].as_str()?, server["version"].as_str()?))
    }
}
