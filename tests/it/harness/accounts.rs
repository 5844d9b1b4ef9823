//! Accounts of every sort, and the steps of user-interactive authentication.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use super::{Answer, SHARED_SECRET, Server, User, server::send};

impl Server {
    /// Registers a user and makes them a server administrator.
    pub(crate) async fn register_admin(&self, name: &str) -> User {
        let admin = self.register(name).await;
        let (done, output) = self.command(&["user", "set-admin", name]);
        assert!(done, "{output}");
        admin
    }

    /// Registers a guest, on a server that has guests.
    pub(crate) async fn register_guest(&self) -> User {
        let path = "/_matrix/client/v3/register?kind=guest";
        let answer = self.anonymous("POST", path, Some(json!({}))).await.ok();
        User::from_login(self, &answer)
    }

    /// Tries to log in with a password.
    pub(crate) async fn log_in(&self, user: &str, password: &str) -> Answer {
        let identifier = json!({"type": "m.id.user", "user": user});
        let body = json!({"type": "m.login.password", "identifier": identifier, "password": password});
        self.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await
    }

    /// Asks the admin API for an account, with the MAC of the shared secret over the fields of `wish`.
    pub(crate) async fn register_with_secret(&self, wish: &Value, secret: &str) -> Answer {
        const PATH: &str = "/_synapse/admin/v1/register";
        let mut wish = wish.clone();
        if wish["nonce"].is_null() {
            wish["nonce"] = self.anonymous("GET", PATH, None).await.ok()["nonce"].take();
        }
        if wish["mac"].is_null() {
            wish["mac"] = secret_mac(&wish, secret).into();
        }
        self.anonymous("POST", PATH, Some(wish)).await
    }

    /// A user made by somebody who knows the shared secret.
    pub(crate) async fn register_by_secret(&self, name: &str, admin: bool) -> User {
        let wish = json!({"username": name, "password": format!("{name}-password"), "admin": admin});
        let answer = self.register_with_secret(&wish, SHARED_SECRET).await.ok();
        User::from_login(self, &answer)
    }

    /// Sends a body as it stands; it need not be JSON.
    pub(crate) async fn send_text(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        text: &str,
    ) -> Answer {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        request = request.header("content-type", "application/json").body(text.to_owned());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { request: format!("{method} {path}"), status, headers, body }
    }

    /// Sends a request with a token that need not belong to anybody.
    pub(crate) async fn with_token(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        send(&self.http, &self.base, method, path, Some(token), body).await
    }

    /// Checks that nobody gets in with this token.
    pub(crate) async fn refuses_token(&self, token: &str) -> Value {
        let answer = self.with_token(token, "GET", "/_matrix/client/v3/account/whoami", None).await;
        answer.refused(401, "M_UNKNOWN_TOKEN")
    }
}

impl User {
    /// Checks that the session is alive.
    pub(crate) async fn is_logged_in(&self) {
        assert_eq!(self.get("/account/whoami").await.ok()["user_id"], *self.id);
    }

    /// The password given at registration.
    pub(crate) fn password(&self) -> String {
        format!("{}-password", self.localpart())
    }

    /// Proof of the password, for a session of user-interactive authentication.
    pub(crate) fn proof(&self, session: &str) -> Value {
        password_proof(&self.id, &self.password(), session)
    }

    /// Makes a request that asks for the password, and shows it.
    pub(crate) async fn call_with_password(&self, method: &str, path: &str, mut body: Value) -> Answer {
        let session = self.call(method, path, Some(body.clone())).await.challenged(&[&["m.login.password"]]);
        body["auth"] = self.proof(&session);
        self.call(method, path, Some(body)).await
    }
}

/// The MAC of the shared secret over the fields of a wish for an account, in hexadecimal.
pub(crate) fn secret_mac(wish: &Value, secret: &str) -> String {
    let text = |key: &str| wish[key].as_str().unwrap_or_default().to_owned();
    let role = if wish["admin"] == true { "admin" } else { "notadmin" };
    let mut fields = vec![text("nonce"), text("username"), text("password"), role.to_owned()];
    fields.extend(wish["user_type"].as_str().map(str::to_owned));
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(fields.join("\0").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A password as a stage of user-interactive authentication.
pub(crate) fn password_proof(user: &str, password: &str, session: &str) -> Value {
    let identifier = json!({"type": "m.id.user", "user": user});
    json!({"type": "m.login.password", "identifier": identifier, "password": password, "session": session})
}

impl Answer {
    /// Checks that user-interactive authentication is asked for with exactly these flows, and that nothing was wrong
    /// so far; answers the session.
    #[track_caller]
    pub(crate) fn challenged(self, flows: &[&[&str]]) -> String {
        assert!(self.body["errcode"].is_null(), "{} answered {}", self.request, self.body);
        self.challenged_again(flows)
    }

    /// Checks that the proof that was shown is refused for this reason and that there is another try; answers the
    /// session.
    #[track_caller]
    pub(crate) fn unconvinced(self, errcode: &str, flows: &[&[&str]]) -> String {
        assert_eq!(self.body["errcode"], errcode, "{} answered {}", self.request, self.body);
        self.challenged_again(flows)
    }

    #[track_caller]
    fn challenged_again(self, flows: &[&[&str]]) -> String {
        assert_eq!(self.status, 401, "{} answered {}", self.request, self.body);
        let flows: Vec<Value> = flows.iter().map(|stages| json!({"stages": stages})).collect();
        assert_eq!(self.body["flows"], Value::Array(flows), "{} answered {}", self.request, self.body);
        assert!(self.body["params"].is_object(), "{} answered {}", self.request, self.body);
        self.body["session"].as_str().unwrap_or_else(|| panic!("no session in {}", self.body)).to_owned()
    }
}
