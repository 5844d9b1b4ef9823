//! A service inside the test that people log in with: OpenID Connect, as far as a server sees of it.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::AbortHandle};

use super::now_ms;

const CLIENT: &str = "kith at the service";
const SECRET: &str = "the secret/of + kith";

/// A service. Dropping it ends it.
pub(crate) struct IdentityProvider {
    base: String,
    shared: Arc<Shared>,
    serving: AbortHandle,
}

struct Shared {
    issuer: String,
    key: EcdsaKeyPair,
    /// Whether tokens are signed with a key that nobody publishes, under the name of the one above.
    forging: AtomicBool,
    /// What each code is exchanged for: the challenge, and the claims of the id token.
    grants: Mutex<BTreeMap<String, (String, Value)>>,
    userinfo: Mutex<Value>,
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl IdentityProvider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            issuer: base.clone(),
            key: signing_key(),
            forging: AtomicBool::new(false),
            grants: Mutex::default(),
            userinfo: Mutex::new(Value::Null),
        });
        let serving = tokio::spawn(serve(listener, Arc::clone(&shared))).abort_handle();
        Self { base, shared, serving }
    }

    /// The configuration of a server that lets people log in here; keys may follow.
    pub(crate) fn config(&self, id: &str) -> String {
        format!(
            "\n[[oidc_providers]]\nid = \"{id}\"\nname = \"The service {id}\"\nissuer = \"{}\"\n\
             client_id = \"{CLIENT}\"\nclient_secret = \"{SECRET}\"\n",
            self.base
        )
    }

    /// Lets somebody in who was sent to `location`; answers where their browser goes next, below the server's base.
    pub(crate) fn let_in(&self, location: &str, claims: Value) -> String {
        self.let_in_with(location, |fixed| {
            for (name, value) in claims.as_object().unwrap() {
                fixed[name] = value.clone();
            }
        })
    }

    /// The same, with every claim of the id token at the test's mercy.
    pub(crate) fn let_in_with(&self, location: &str, change: impl FnOnce(&mut Value)) -> String {
        assert!(location.starts_with(&format!("{}/authorize?", self.base)), "{location}");
        let asked = query(location);
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT));
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        let mut claims = self.fixed_claims();
        claims["nonce"] = json!(asked["nonce"]);
        change(&mut claims);
        let mut grants = self.shared.grants.lock().unwrap();
        let code = format!("code-{}", grants.len());
        grants.insert(code.clone(), (asked["code_challenge"].clone(), claims));
        let path =
            asked["redirect_uri"].find("/_matrix").map(|start| &asked["redirect_uri"][start..]).unwrap();
        format!("{path}?code={code}&state={}", asked["state"])
    }

    /// Has tokens signed with another key than the one that is published, from now on.
    pub(crate) fn begin_forging(&self) {
        self.shared.forging.store(true, Ordering::SeqCst);
    }

    /// What the service says about whoever asks next, beside the id token.
    pub(crate) fn set_userinfo(&self, claims: Value) {
        *self.shared.userinfo.lock().unwrap() = claims;
    }

    /// A token that somebody has logged out here.
    pub(crate) fn logout_token(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.fixed_claims();
        claims["events"] = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
        change(&mut claims);
        self.shared.sign(&claims)
    }

    fn fixed_claims(&self) -> Value {
        let now = now_ms() / 1000;
        json!({"iss": self.base, "aud": CLIENT, "iat": now, "exp": now + 300})
    }
}

impl Shared {
    fn sign(&self, claims: &Value) -> String {
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let head = format!("{}.{}", encode(&json!({"alg": "ES256", "kid": "first"})), encode(claims));
        let forged = self.forging.load(Ordering::SeqCst).then(signing_key);
        let key = forged.as_ref().unwrap_or(&self.key);
        let signature = key.sign(&SystemRandom::new(), head.as_bytes()).unwrap();
        format!("{head}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    fn answer(&self, path: &str, authorization: &str, body: &str) -> (u16, Value) {
        match path {
            "/.well-known/openid-configuration" => (200, self.configuration()),
            "/keys" => {
                let point = self.key.public_key().as_ref();
                let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
                let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
                let key = json!({"kty": "EC", "crv": "P-256", "kid": "first", "use": "sig", "x": x, "y": y});
                // Keys of kinds that nobody knows are passed over.
                (200, json!({"keys": [{"kty": "XYZ", "kid": "odd"}, key]}))
            }
            "/token" => self.exchange(authorization, body),
            "/userinfo" if authorization == "Bearer access" => (200, self.userinfo.lock().unwrap().clone()),
            _ => (404, json!({})),
        }
    }

    fn configuration(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/userinfo"),
            "jwks_uri": at("/keys"),
        })
    }

    /// Every code once, to whoever has the secret and asked for it.
    fn exchange(&self, authorization: &str, body: &str) -> (u16, Value) {
        let form = query(&format!("?{body}"));
        let pair = format!("{}:{}", CLIENT.replace(' ', "+"), "the+secret%2Fof+%2B+kith");
        if authorization != format!("Basic {}", BASE64_STANDARD.encode(pair)) {
            return (401, json!({"error": "invalid_client"}));
        }
        let Some((challenge, claims)) = self.grants.lock().unwrap().remove(&form["code"]) else {
            return (400, json!({"error": "invalid_grant"}));
        };
        let shown = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
        if shown != challenge || form["grant_type"] != "authorization_code" {
            return (400, json!({"error": "invalid_grant"}));
        }
        (200, json!({"access_token": "access", "token_type": "Bearer", "id_token": self.sign(&claims)}))
    }
}

fn signing_key() -> EcdsaKeyPair {
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &random).unwrap()
}

/// The fields of a query, decoded.
pub(crate) fn query(url: &str) -> BTreeMap<String, String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| respond(Arc::clone(&shared), request));
            let connection = hyper::server::conn::http1::Builder::new();
            // A server that hangs up in between is its own affair.
            let _ended = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let authorization = parts.headers.get("authorization").map_or("", |value| value.to_str().unwrap());
    let body = String::from_utf8(body.to_vec()).unwrap();
    let (status, answer) = shared.answer(parts.uri.path(), authorization, &body);
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Full::new(Bytes::from(answer.to_string()))).unwrap())
}
