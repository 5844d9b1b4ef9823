//! A server with an application service, and the requests of that service.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, Server, encode, server::send};

/// The token of the application service.
pub(crate) const AS_TOKEN: &str = "the token of the application service";

/// The application service owns `@_irc_…` and `#_irc_…` for itself and shares `@shared_…` with whoever comes first; its
/// own user is `@ircbot`.
const REGISTRATION: &str = r##"
id: irc
url: null
as_token: the token of the application service
hs_token: the token of the server
sender_localpart: ircbot
rate_limited: false
namespaces:
  users:
    - exclusive: true
      regex: "@_irc_.*:localhost"
    - exclusive: false
      regex: "@shared_.*:localhost"
  aliases:
    - exclusive: true
      regex: "#_irc_.*:localhost"
  rooms: []
"##;

/// A server, and an application service that it knows.
pub(crate) struct Bridge {
    pub(crate) server: Server,
    /// Read once more at each start of the server.
    _registrations: TempDir,
}

impl Bridge {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    pub(crate) async fn start_with(more: &str) -> Self {
        let registrations = TempDir::new().unwrap();
        std::fs::write(registrations.path().join("irc.yaml"), REGISTRATION).unwrap();
        let directory = registrations.path().display();
        let server =
            Server::start_with(&format!("{more}\n[appservices]\ndirectory = \"{directory}\"\n")).await;
        Self { server, _registrations: registrations }
    }

    /// A request with the service's token.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let path = if path.starts_with("/_") { path.to_owned() } else { format!("/_matrix/client/v3{path}") };
        send(&self.server.http, &self.server.base, method, &path, Some(AS_TOKEN), body).await
    }

    /// A request in the name of one of the service's users.
    pub(crate) async fn call_as(&self, user: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let separator = if path.contains('?') { '&' } else { '?' };
        self.call(method, &format!("{path}{separator}user_id={}", encode(user)), body).await
    }

    /// Registers one of the service's users, without logging in; answers the user id.
    pub(crate) async fn register(&self, name: &str) -> String {
        let body = json!({"type": "m.login.application_service", "username": name, "inhibit_login": true});
        let answer = self.call("POST", "/register", Some(body)).await.ok();
        answer["user_id"].as_str().unwrap().to_owned()
    }
}
