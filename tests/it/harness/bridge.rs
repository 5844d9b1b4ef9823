//! A server with an application service, and the requests of that service.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, Server, User, encode, server::send, service::Service};

/// The token of the application service.
pub(crate) const AS_TOKEN: &str = "the token of the application service";
/// What the server shows the application service.
pub(crate) const HS_TOKEN: &str = "the token of the server";

/// The application service owns `@_irc_…` and `#_irc_…` for itself and shares `@shared_…` with whoever comes first; its
/// own user is `@ircbot`.
const REGISTRATION: &str = r##"
id: irc
url: $URL
as_token: the token of the application service
hs_token: the token of the server
sender_localpart: ircbot
namespaces:
  users:
    - exclusive: true
      regex: "@_irc_.*:$SERVER"
    - exclusive: false
      regex: "@shared_.*:$SERVER"
  aliases:
    - exclusive: true
      regex: "#_irc_.*:$SERVER"
  rooms: []
"##;

/// A server, and an application service that it knows.
pub(crate) struct Bridge {
    pub(crate) server: Server,
    /// Read once more at each start of the server.
    registrations: TempDir,
}

impl Bridge {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same, with more configuration of the server.
    pub(crate) async fn start_with(more: &str) -> Self {
        Self::registered(more, "").await
    }

    /// The same, with more lines of the registration too.
    pub(crate) async fn registered(config: &str, more: &str) -> Self {
        let registrations = registrations("localhost", "null", more);
        let server = Server::start_with(&format!("{config}\n{}", section(&registrations))).await;
        Self { server, registrations }
    }

    /// With a service that can be reached, and more lines of its registration.
    pub(crate) async fn reaching(service: &Service, more: &str) -> Self {
        let registrations = registrations("localhost", &service.url, more);
        let server = Server::start_with(&section(&registrations)).await;
        Self { server, registrations }
    }

    /// Around a server that somebody starts with the section of the configuration that is handed to them.
    pub(crate) async fn around(service: &Service, start: impl AsyncFnOnce(String) -> Server) -> Self {
        let registrations = registrations(".*", &service.url, "");
        let server = start(section(&registrations)).await;
        Self { server, registrations }
    }

    /// With the server ended and started again by `again`.
    pub(crate) async fn again(self, again: impl AsyncFnOnce(Server) -> Server) -> Self {
        Self { server: again(self.server).await, registrations: self.registrations }
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

    /// Has one of the service's users join a room.
    pub(crate) async fn join_as(&self, user: &str, room: &str) {
        self.call_as(user, "POST", &format!("/join/{}", encode(room)), Some(json!({}))).await.ok();
    }

    /// A room of a user's that one of the service's users is in as well.
    pub(crate) async fn bridged_room(&self, user: &User, ghost: &str) -> String {
        let room = user.create_room(json!({"preset": "public_chat"})).await;
        self.join_as(ghost, &room).await;
        room
    }
}

/// A directory with the registration; `more` are further lines of it.
fn registrations(server_names: &str, url: &str, more: &str) -> TempDir {
    let registrations = TempDir::new().unwrap();
    let registration = REGISTRATION.replace("$URL", url).replace("$SERVER", server_names);
    let unlimited = if more.contains("rate_limited") { "" } else { "rate_limited: false\n" };
    let text = format!("{registration}{unlimited}{more}\n");
    std::fs::write(registrations.path().join("irc.yaml"), text).unwrap();
    registrations
}

fn section(registrations: &TempDir) -> String {
    format!("\n[appservices]\ndirectory = \"{}\"\n", registrations.path().display())
}
