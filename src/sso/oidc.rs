//! One service that speaks OpenID Connect: where it sends people, and what it says of those who come back.
//! <https://openid.net/specs/openid-connect-core-1_0.html>

mod documents;

use std::collections::BTreeMap;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use kith_accounts::ExternalId;
use kith_base::outgoing::{OutgoingError, OutgoingRequest};
use kith_config::{Config, JwtAlgorithm as Algorithm, OidcProvider};
use minijinja::{Environment, context};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    OpenError, Sso,
    jwt::{Claims, Expected, JwtError, Token},
};
use documents::{Documents, Metadata};

/// Where services send people back to.
const CALLBACK_PATH: &str = "/_matrix/client/unstable/sso/callback";
/// How many bytes of a service's answers are read at most.
const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// How long the name of a session there may be that is remembered, in bytes.
const SESSION_BYTES_MAX: usize = 512;
/// What id tokens may be signed with: only what a public key verifies.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::EdDsa,
];

/// Why a service's word cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// It cannot be reached.
    #[error("the service cannot be reached: {0}")]
    Unreachable(#[from] OutgoingError),
    /// It says no.
    #[error("the service answered with status {0}")]
    Status(u16),
    /// Its answer is not what was asked for.
    #[error("the service's {0} is malformed")]
    Malformed(&'static str),
    /// It signed with a key that it does not publish.
    #[error("the service signed with an unknown key")]
    UnknownKey,
    /// What it signed is not to be believed.
    #[error("the service's token is not to be believed: {0}")]
    Token(String),
    /// The answer is about something else.
    #[error("the service's answer belongs to another login: {0}")]
    Mismatch(&'static str),
    /// There is no user name in what it says.
    #[error("the service gives this person no user name that can be used here")]
    NoName,
}

impl From<JwtError> for OidcError {
    fn from(error: JwtError) -> Self {
        Self::Token(error.to_string())
    }
}

/// One service.
pub(crate) struct Provider {
    settings: OidcProvider,
    redirect_uri: String,
    templates: Environment<'static>,
    documents: Documents,
}

/// What a service says of somebody.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: ExternalId,
    /// The session there, if the service names it.
    pub(crate) session: Option<String>,
    pub(crate) claims: Claims,
}

/// What stays here while somebody is at the service.
pub(crate) struct Secrets<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) verifier: &'a str,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: Option<String>,
    id_token: Option<String>,
}

impl Provider {
    pub(crate) fn new(settings: &OidcProvider, config: &Config) -> Result<Self, OpenError> {
        let mut templates = Environment::new();
        let named = [
            ("localpart", &settings.localpart),
            ("display_name", &settings.display_name),
            ("email", &settings.email),
        ];
        for (name, text) in named {
            let key = format!("{}, {name}", settings.id);
            let wrong = |error: minijinja::Error| OpenError::Template(key, error.to_string());
            templates.add_template_owned(name, text.clone()).map_err(wrong)?;
        }
        Ok(Self {
            redirect_uri: format!("{}{CALLBACK_PATH}", config.client_base_url().unwrap_or_default()),
            documents: Documents::new(&settings.issuer),
            settings: settings.clone(),
            templates,
        })
    }

    pub(crate) fn settings(&self) -> &OidcProvider {
        &self.settings
    }

    /// Where to send somebody. `fresh` asks the service to have them show again who they are.
    pub(crate) async fn authorization_url(
        &self,
        sso: &Sso,
        state: &str,
        secrets: &Secrets<'_>,
        fresh: bool,
    ) -> Result<String, OidcError> {
        let metadata = self.documents.metadata(sso).await?;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(secrets.verifier.as_bytes()));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.settings.scopes.join(" "))
            .append_pair("state", state)
            .append_pair("nonce", secrets.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if fresh {
            query.append_pair("prompt", "login");
        }
        let endpoint = &metadata.authorization_endpoint;
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{separator}{}", query.finish()))
    }

    /// Exchanges the code that somebody brought back for what the service says of them.
    pub(crate) async fn redeem(
        &self,
        sso: &Sso,
        code: &str,
        secrets: &Secrets<'_>,
    ) -> Result<Person, OidcError> {
        let metadata = self.documents.metadata(sso).await?;
        let answer = ask(sso, self.token_request(&metadata, code, secrets.verifier)).await?;
        let tokens: Tokens =
            serde_json::from_slice(&answer).map_err(|_| OidcError::Malformed("token answer"))?;
        let id_token = tokens.id_token.ok_or(OidcError::Malformed("token answer"))?;
        let mut claims = self.verify(sso, &id_token, false).await?;
        if claims.get("nonce").and_then(Value::as_str) != Some(secrets.nonce) {
            return Err(OidcError::Mismatch("nonce"));
        }
        let authorized = claims.get("azp").and_then(Value::as_str);
        if authorized.is_some_and(|party| party != self.settings.client_id) {
            return Err(OidcError::Mismatch("azp"));
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let (subject, session) = (text("sub").unwrap_or_default(), text("sid"));
        let session = session.filter(|session| session.len() <= SESSION_BYTES_MAX);
        if let (true, Some(endpoint), Some(token)) =
            (self.settings.userinfo, &metadata.userinfo_endpoint, &tokens.access_token)
        {
            let more = self.userinfo(sso, endpoint, token).await?;
            // Only what is said of the same person counts.
            if more.get("sub").and_then(Value::as_str) != Some(&subject) {
                return Err(OidcError::Mismatch("sub"));
            }
            claims.extend(more);
        }
        let id = ExternalId { provider: self.settings.id.clone(), subject };
        if !id.is_sound() {
            return Err(OidcError::Malformed("subject"));
        }
        Ok(Person { id, session, claims })
    }

    /// The claims of a token that the service signed for this server.
    pub(crate) async fn verify(
        &self,
        sso: &Sso,
        token: &str,
        may_be_endless: bool,
    ) -> Result<Claims, OidcError> {
        let token = Token::read(token)?;
        let key = self.documents.key_of(sso, &token).await?;
        let metadata = self.documents.metadata(sso).await?;
        let expected = Expected {
            algorithms: &ALGORITHMS,
            issuer: Some(&metadata.issuer),
            audiences: std::slice::from_ref(&self.settings.client_id),
            may_be_endless,
        };
        Ok(token.verify(&key, &expected, sso.clock.now_ms())?)
    }

    /// What one of the templates makes of the claims; empty is nothing.
    pub(crate) fn render(&self, template: &str, claims: &Claims) -> Option<String> {
        let user = template_value(&Value::Object(claims.clone()));
        let rendered =
            self.templates.get_template(template).and_then(|found| found.render(context! { user }));
        match rendered {
            Ok(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Err(error) => {
                tracing::warn!(provider = self.settings.id, template, %error, "a template failed");
                None
            }
        }
    }

    fn token_request(&self, metadata: &Metadata, code: &str, verifier: &str) -> OutgoingRequest {
        let mut request = OutgoingRequest::new(http::Method::POST, &metadata.token_endpoint);
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("code_verifier", verifier);
        match &self.settings.client_secret {
            Some(secret) if metadata.takes_basic() => {
                let encode =
                    |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encode(&self.settings.client_id), encode(secret.reveal()));
                let header = format!("Basic {}", BASE64_STANDARD.encode(pair));
                request.headers.push(("authorization".to_owned(), header));
            }
            Some(secret) => {
                form.append_pair("client_id", &self.settings.client_id);
                form.append_pair("client_secret", secret.reveal());
            }
            None => {
                form.append_pair("client_id", &self.settings.client_id);
            }
        }
        let kind = "application/x-www-form-urlencoded".to_owned();
        request.headers.push(("content-type".to_owned(), kind));
        request.body = form.finish().into_bytes();
        request
    }

    async fn userinfo(&self, sso: &Sso, endpoint: &str, token: &str) -> Result<Claims, OidcError> {
        let mut request = OutgoingRequest::new(http::Method::GET, endpoint);
        request.headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        let answer = ask(sso, request).await?;
        serde_json::from_slice(&answer).map_err(|_| OidcError::Malformed("userinfo"))
    }
}

/// Sends a request to a service, and answers the body of a success.
async fn ask(sso: &Sso, mut request: OutgoingRequest) -> Result<Vec<u8>, OidcError> {
    request.headers.push(("accept".to_owned(), "application/json".to_owned()));
    request.response_bytes_max = Some(ANSWER_BYTES_MAX);
    let answer = sso.outgoing.send_to_trusted(request).await?;
    if answer.status == 200 { Ok(answer.body.to_vec()) } else { Err(OidcError::Status(answer.status)) }
}

fn template_value(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::from(()),
        Value::Bool(flag) => minijinja::Value::from(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => minijinja::Value::from(whole),
            None => minijinja::Value::from(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => minijinja::Value::from(text.as_str()),
        Value::Array(items) => minijinja::Value::from(items.iter().map(template_value).collect::<Vec<_>>()),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), template_value(value)));
            minijinja::Value::from(fields.collect::<BTreeMap<String, minijinja::Value>>())
        }
    }
}
