//! A homeserver inside the test: a key of its own, published over TLS, signed requests and signed events.
//!
//! It does just what a test has it do, right or wrong. It is called like its address and port, so nothing has to be
//! resolved; servers that are to believe its certificate are started by `start_federating`.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::AbortHandle};
use tokio_rustls::TlsAcceptor;

use super::{
    Answer, Certificate, Server,
    answers::{Answers, Received, Sent},
    encode,
    server::{free_port, http_client},
};

/// The name of every peer's key.
const KEY_ID: &str = "ed25519:peer";
/// The name of the key that every peer had before.
const RETIRED_KEY_ID: &str = "ed25519:retired";
/// Where policy servers are asked to sign.
pub(crate) const POLICY_PATH: &str = "/_matrix/policy/v1/sign";
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// A homeserver inside the test. Dropping it ends it.
pub(crate) struct Peer {
    /// Its server name.
    pub(crate) name: String,
    key: SigningKey,
    pub(super) http: reqwest::Client,
    answers: Arc<Answers>,
    serving: AbortHandle,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Peer {
    /// Starts a peer at an address, on a port of its own.
    pub(crate) async fn start(host: &str) -> Self {
        let port = free_port(host);
        let name = format!("{host}:{port}");
        let seed: [u8; 32] = Sha256::digest(&name).into();
        let key = SigningKey::from_bytes(&seed);
        let listener = TcpListener::bind((host, port)).await.unwrap();
        let answers = Arc::new(Answers::default());
        let serving = tokio::spawn(serve(listener, acceptor(host), Arc::clone(&answers))).abort_handle();
        let peer = Self { name, key, http: http_client(), answers, serving };
        peer.publish_key(now_ms() + DAY_MS);
        peer
    }

    /// Publishes the key as valid until then.
    pub(crate) fn publish_key(&self, valid_until_ms: u64) {
        let public = BASE64_STANDARD_NO_PAD.encode(self.key.verifying_key().as_bytes());
        let retired = BASE64_STANDARD_NO_PAD.encode(self.retired_key().verifying_key().as_bytes());
        let document = self.signed(json!({
            "server_name": self.name,
            "valid_until_ts": valid_until_ms,
            "verify_keys": {KEY_ID: {"key": public}},
            "old_verify_keys": {RETIRED_KEY_ID: {"key": retired, "expired_ts": now_ms() - DAY_MS}},
        }));
        self.answer("/_matrix/key/v2/server", move |_| (200, document.clone()));
    }

    /// Has every request whose path begins like this answered by `answering`, from now on.
    pub(crate) fn answer(
        &self,
        path: &str,
        answering: impl Fn(&Received) -> (u16, Value) + Send + Sync + 'static,
    ) {
        self.answer_with(path, move |received| Sent::json(answering(received)));
    }

    /// The same, with an answer that need not be JSON.
    pub(crate) fn answer_with(
        &self,
        path: &str,
        answering: impl Fn(&Received) -> Sent + Send + Sync + 'static,
    ) {
        self.answers.answer_with(path, answering);
    }

    /// The same, with this text for JSON, which need not be any.
    pub(crate) fn answer_text(&self, path: &str, text: String) {
        let headers = vec![("content-type", "application/json".to_owned())];
        let sent = Sent { status: 200, headers, body: text.into_bytes() };
        self.answer_with(path, move |_| sent.clone());
    }

    /// The requests so far whose path begins like this.
    pub(crate) fn received(&self, path: &str) -> Vec<Received> {
        self.answers.received(path)
    }

    /// A user id of this server.
    pub(crate) fn user(&self, localpart: &str) -> String {
        format!("@{localpart}:{}", self.name)
    }

    /// Sends a signed request.
    pub(crate) async fn ask(&self, server: &Server, method: &str, path: &str, body: Option<Value>) -> Answer {
        let header = self.authorization(&server.name, method, path, body.as_ref());
        self.ask_with(server, method, path, body, Some(&header)).await
    }

    pub(crate) async fn get(&self, server: &Server, path: &str) -> Answer {
        self.ask(server, "GET", path, None).await
    }

    /// Sends a request with just this `Authorization` header.
    pub(crate) async fn ask_with(
        &self,
        server: &Server,
        method: &str,
        path: &str,
        body: Option<Value>,
        authorization: Option<&str>,
    ) -> Answer {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", server.base));
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.answer_to(request, &format!("{method} {path}")).await
    }

    /// Sends a signed request whose body is this text, which need not be what anybody writes; `read` is what it is
    /// when it is read.
    pub(crate) async fn ask_text(
        &self,
        server: &Server,
        method: &str,
        path: &str,
        text: &str,
        read: &Value,
    ) -> Answer {
        let header = self.authorization(&server.name, method, path, Some(read));
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", server.base));
        let request = request.header("authorization", header).header("content-type", "application/json");
        self.answer_to(request.body(text.to_owned()), &format!("{method} {path}")).await
    }

    async fn answer_to(&self, request: reqwest::RequestBuilder, what: &str) -> Answer {
        let response = request.send().await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { request: format!("{what} of {}", self.name), status, headers, body }
    }

    /// The `Authorization` header of a request to `destination`.
    pub(crate) fn authorization(
        &self,
        destination: &str,
        method: &str,
        path: &str,
        content: Option<&Value>,
    ) -> String {
        let mut object = json!({
            "method": method, "uri": path, "origin": self.name, "destination": destination,
        });
        if let Some(content) = content {
            object["content"] = content.clone();
        }
        let signature = self.signature(&object);
        format!(
            "X-Matrix origin=\"{}\",destination=\"{destination}\",key=\"{KEY_ID}\",sig=\"{signature}\"",
            self.name
        )
    }

    /// An object with this server's signature.
    pub(crate) fn signed(&self, mut object: Value) -> Value {
        let signature = self.signature(&without(&object, &["signatures", "unsigned"]));
        object["signatures"][&self.name][KEY_ID] = json!(signature);
        object
    }

    /// Has this peer sign events as a policy server, but none whose content has this word in it. Answers the content of
    /// `m.room.policy` that chooses it.
    pub(crate) fn begin_policing(&self, forbidden: &'static str) -> Value {
        let seed: [u8; 32] = Sha256::digest(format!("policy of {}", self.name)).into();
        let (key, name) = (SigningKey::from_bytes(&seed), self.name.clone());
        let public = BASE64_STANDARD_NO_PAD.encode(key.verifying_key().as_bytes());
        self.answer(POLICY_PATH, move |request| {
            let event = &request.body;
            if event["content"].to_string().contains(forbidden) {
                return (403, json!({"errcode": "M_FORBIDDEN", "error": "Not in this room"}));
            }
            let text = canonical(&without(&redacted(event), &["signatures", "unsigned"]));
            let signature = BASE64_STANDARD_NO_PAD.encode(key.sign(text.as_bytes()).to_bytes());
            (200, json!({&name: {"ed25519:policy_server": signature}}))
        });
        json!({"via": self.name, "public_keys": {"ed25519": public}})
    }

    /// The same event with the signature of the key that this peer no longer signs with, and no other.
    pub(crate) fn signed_with_retired_key(&self, mut event: Value) -> Value {
        let text = canonical(&without(&redacted(&event), &["signatures", "unsigned"]));
        let signature = BASE64_STANDARD_NO_PAD.encode(self.retired_key().sign(text.as_bytes()).to_bytes());
        event["signatures"] = json!({&self.name: {RETIRED_KEY_ID: signature}});
        event
    }

    fn retired_key(&self) -> SigningKey {
        let seed: [u8; 32] = Sha256::digest(format!("retired key of {}", self.name)).into();
        SigningKey::from_bytes(&seed)
    }

    fn signature(&self, object: &Value) -> String {
        BASE64_STANDARD_NO_PAD.encode(self.key.sign(canonical(object).as_bytes()).to_bytes())
    }

    /// An event of room version 11 or 12, hashed and signed, with its id.
    pub(crate) fn event(&self, mut event: Value) -> (String, Value) {
        let hash = Sha256::digest(canonical(&without(&event, &["signatures", "unsigned", "hashes"])));
        event["hashes"] = json!({"sha256": BASE64_STANDARD_NO_PAD.encode(hash)});
        let signature = self.signature(&without(&redacted(&event), &["signatures", "unsigned"]));
        event["signatures"][&self.name][KEY_ID] = json!(signature);
        (event_id(&event), event)
    }

    /// Has a user of this server join a room that `server` is in; answers what that server says of the room.
    pub(crate) async fn join(&self, server: &Server, room: &str, user: &str) -> Value {
        let (_, event) = self.template(server, "make_join", room, user).await;
        let (event_id, event) = self.event(event);
        let path = format!("/_matrix/federation/v2/send_join/{}/{}", encode(room), encode(&event_id));
        self.ask(server, "PUT", &path, Some(event)).await.ok()
    }

    /// An event that a user of this server sends into a room now, as far as `server` knows the room.
    pub(crate) async fn draft(
        &self,
        server: &Server,
        room: &str,
        user: &str,
        kind: &str,
        state_key: Option<&str>,
        content: Value,
    ) -> (String, Value) {
        // What authorises a member to leave authorises them to speak.
        let (_, mut event) = self.template(server, "make_leave", room, user).await;
        let fields = event.as_object_mut().unwrap();
        fields.remove("state_key");
        fields.insert("type".to_owned(), json!(kind));
        fields.insert("content".to_owned(), content);
        if let Some(state_key) = state_key {
            fields.insert("state_key".to_owned(), json!(state_key));
        }
        self.event(event)
    }

    /// A text message, as [`Self::draft`].
    pub(crate) async fn message(
        &self,
        server: &Server,
        room: &str,
        user: &str,
        text: &str,
    ) -> (String, Value) {
        let content = json!({"msgtype": "m.text", "body": text});
        self.draft(server, room, user, "m.room.message", None, content).await
    }

    /// The template of a membership event, and the version of the room.
    async fn template(&self, server: &Server, verb: &str, room: &str, user: &str) -> (String, Value) {
        let versions = "ver=10&ver=11&ver=12";
        let path = format!("/_matrix/federation/v1/{verb}/{}/{}?{versions}", encode(room), encode(user));
        let mut answer = self.get(server, &path).await.ok();
        let mut event = answer["event"].take();
        event["origin_server_ts"] = json!(now_ms());
        (answer["room_version"].as_str().unwrap_or_default().to_owned(), event)
    }

    /// Sends events in a transaction.
    pub(crate) async fn send(&self, server: &Server, transaction: &str, pdus: &[Value]) -> Answer {
        self.send_with(server, transaction, json!({"pdus": pdus})).await
    }

    /// Sends a transaction with these fields.
    pub(crate) async fn send_with(&self, server: &Server, transaction: &str, fields: Value) -> Answer {
        let mut body = json!({"origin": self.name, "origin_server_ts": now_ms(), "pdus": []});
        for (key, value) in fields.as_object().unwrap() {
            body[key] = value.clone();
        }
        let path = format!("/_matrix/federation/v1/send/{}", encode(transaction));
        self.ask(server, "PUT", &path, Some(body)).await
    }
}

/// The time, in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Whether a server has signed an object with this public key.
pub(crate) fn is_signed(object: &Value, server: &str, key_id: &str, public_key: &str) -> bool {
    let decode = |text: &str| BASE64_STANDARD_NO_PAD.decode(text).unwrap();
    let key: [u8; 32] = decode(public_key).try_into().unwrap();
    let signature: [u8; 64] =
        decode(object["signatures"][server][key_id].as_str().unwrap()).try_into().unwrap();
    let text = canonical(&without(object, &["signatures", "unsigned"]));
    let key = VerifyingKey::from_bytes(&key).unwrap();
    key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature)).is_ok()
}

/// The id of an event of room version 4 or later.
pub(crate) fn event_id(event: &Value) -> String {
    let hash = Sha256::digest(canonical(&without(&redacted(event), &["signatures", "unsigned"])));
    format!("${}", BASE64_URL_SAFE_NO_PAD.encode(hash))
}

/// What redaction leaves of an event, by the rules of room versions 11 and 12.
pub(crate) fn redacted(event: &Value) -> Value {
    const KEPT: [&str; 11] = [
        "event_id",
        "type",
        "room_id",
        "sender",
        "state_key",
        "content",
        "hashes",
        "signatures",
        "depth",
        "prev_events",
        "auth_events",
    ];
    let kept_content: &[&str] = match event["type"].as_str().unwrap() {
        "m.room.member" => &["membership", "join_authorised_via_users_server"],
        "m.room.join_rules" => &["join_rule", "allow"],
        "m.room.power_levels" => &[
            "ban",
            "events",
            "events_default",
            "invite",
            "kick",
            "redact",
            "state_default",
            "users",
            "users_default",
        ],
        "m.room.history_visibility" => &["history_visibility"],
        "m.room.redaction" => &["redacts"],
        _ => &[],
    };
    let pick = |object: &Value, names: &[&str]| -> Map<String, Value> {
        let fields = object.as_object().unwrap().iter();
        let kept = fields.filter(|(name, _)| names.contains(&name.as_str()));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let mut left = pick(event, &KEPT);
    left.extend(pick(event, &["origin_server_ts"]));
    if event["type"] != "m.room.create" {
        let mut content = pick(&event["content"], kept_content);
        let signed = &event["content"]["third_party_invite"]["signed"];
        if event["type"] == "m.room.member" && !signed.is_null() {
            content.insert("third_party_invite".to_owned(), json!({"signed": signed}));
        }
        left.insert("content".to_owned(), Value::Object(content));
    }
    Value::Object(left)
}

/// Canonical JSON: the keys of `serde_json` are sorted, and tests have no numbers but whole ones.
fn canonical(value: &Value) -> String {
    value.to_string()
}

fn without(object: &Value, names: &[&str]) -> Value {
    let mut object = object.clone();
    for name in names {
        object.as_object_mut().unwrap().remove(*name);
    }
    object
}

pub(super) fn acceptor(host: &str) -> TlsAcceptor {
    let Certificate { chain, key } = Certificate::issue(&[host]);
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(chain.as_bytes()).map(|der| der.unwrap().into_owned()).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    // Only the first of all tests installs it.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, answers: Arc<Answers>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let (acceptor, answers) = (acceptor.clone(), Arc::clone(&answers));
        tokio::spawn(async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                answers.serve(stream).await;
            }
        });
    }
}
