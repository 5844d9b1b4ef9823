//! Asking identity servers, which know whose an address is. Users choose them, so they are strangers: they are asked
//! what the user wants to know and no more, and only at public addresses.
//! <https://spec.matrix.org/v1.19/identity-service-api/>

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Method;
use kith_base::outgoing::OutgoingRequest;
use ruma::{OwnedUserId, ServerName, UserId};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{Peers, x_matrix::Signed};

/// Below this lies everything an identity server is asked for.
const BASE: &str = "/_matrix/identity/v2";
/// How long the name of an identity server may be, in bytes.
const NAME_BYTES_MAX: usize = 500;
/// How long somebody waits for one, in milliseconds, and how much it may say, in bytes.
const TIMEOUT_MS: u64 = 15_000;
const ANSWER_BYTES_MAX: usize = 64 * 1_024;

/// Why an identity server did not do what it was asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IdentityError {
    /// That is no identity server.
    #[error("id_server must be a host name, with a port or a path if need be")]
    BadName,
    /// It cannot be reached.
    #[error("the identity server cannot be reached: {0}")]
    Unreachable(String),
    /// It says no.
    #[error("the identity server answered {status} {error}")]
    Refused {
        /// The status.
        status: u16,
        /// Its code for the reason.
        errcode: String,
        /// Its words.
        error: String,
    },
    /// What it says makes no sense.
    #[error("the identity server's answer makes no sense: {0}")]
    BadAnswer(String),
}

/// An identity server, and as whom it is asked.
#[derive(Clone, Copy)]
pub struct IdentityServer<'a> {
    /// Its name as the client gives it: a host, perhaps with a port and a path.
    pub name: &'a str,
    /// The user's access token there.
    pub token: &'a str,
}

/// An address that an identity server now says is the user's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BoundAddress {
    /// "email" or "msisdn".
    pub medium: String,
    /// The address.
    pub address: String,
}

/// An invite that an identity server keeps until the address is somebody's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct StoredInvite {
    /// The name of the invite.
    pub token: String,
    /// How the address is shown to everybody.
    pub display_name: String,
    /// The keys with which the identity server will vouch for whoever has the address.
    #[serde(default)]
    pub public_keys: Vec<Map<String, Value>>,
    /// The same, in older answers.
    public_key: Option<String>,
}

#[derive(Deserialize)]
struct HashDetails {
    algorithms: Vec<String>,
    lookup_pepper: String,
}

#[derive(Deserialize)]
struct Mappings {
    mappings: Map<String, Value>,
}

impl Peers {
    /// Has an identity server say that an address is the user's, who has shown it to that server in a session there.
    pub async fn bind_address(
        &self,
        server: IdentityServer<'_>,
        session: &str,
        secret: &str,
        user: &UserId,
    ) -> Result<BoundAddress, IdentityError> {
        let body = json!({ "sid": session, "client_secret": secret, "mxid": user });
        self.ask_identity_server(server, Method::POST, "/3pid/bind", Some(&body)).await
    }

    /// Has an identity server no longer say that an address is the user's. False if it knows of no such request.
    pub async fn unbind_address(
        &self,
        name: &str,
        user: &UserId,
        address: &BoundAddress,
    ) -> Result<bool, IdentityError> {
        let threepid = json!({ "medium": address.medium, "address": address.address });
        let body = json!({ "mxid": user, "threepid": threepid }).to_string().into_bytes();
        let (host, path) = split_name(name)?;
        let uri = format!("{path}{BASE}/3pid/unbind");
        // The user's session there may be long over, so this server vouches for them.
        let signed = Signed {
            origin: &self.asker.server_name,
            destination: host,
            method: "POST",
            uri: &uri,
            body: &body,
        };
        let header = signed.sign(&self.asker.signing_key);
        let header = header.map_err(|error| IdentityError::BadAnswer(error.to_string()))?;
        let answer = self.send_to_identity_server(name, Method::POST, "/3pid/unbind", header, body).await;
        match answer {
            Ok(_) => Ok(true),
            Err(IdentityError::Refused { status: 400 | 404 | 501, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whose an address is, as far as an identity server knows.
    pub async fn find_owner_of_address(
        &self,
        server: IdentityServer<'_>,
        address: &BoundAddress,
    ) -> Result<Option<OwnedUserId>, IdentityError> {
        let details: HashDetails =
            self.ask_identity_server(server, Method::GET, "/hash_details", None).await?;
        let BoundAddress { medium, address } = address;
        let offers = |algorithm: &str| details.algorithms.iter().any(|offered| offered == algorithm);
        let (algorithm, wanted) = if offers("sha256") {
            let text = format!("{address} {medium} {}", details.lookup_pepper);
            ("sha256", URL_SAFE_NO_PAD.encode(Sha256::digest(text)))
        } else if offers("none") {
            ("none", format!("{address} {medium}"))
        } else {
            return Err(IdentityError::BadAnswer("no known way to look an address up".to_owned()));
        };
        let body = json!({ "addresses": [wanted], "algorithm": algorithm, "pepper": details.lookup_pepper });
        let Mappings { mappings } =
            self.ask_identity_server(server, Method::POST, "/lookup", Some(&body)).await?;
        let owner = mappings.get(&wanted).and_then(Value::as_str);
        Ok(owner.and_then(|owner| UserId::parse(owner).ok()))
    }

    /// Has an identity server keep an invite until the address is somebody's, and write to the address.
    pub async fn store_invite(
        &self,
        server: IdentityServer<'_>,
        invite: &Value,
    ) -> Result<StoredInvite, IdentityError> {
        let mut stored: StoredInvite =
            self.ask_identity_server(server, Method::POST, "/store-invite", Some(invite)).await?;
        if let Some(key) = stored.public_key.take().filter(|_| stored.public_keys.is_empty()) {
            let validity = format!("https://{}{BASE}/pubkey/isvalid", server.name);
            let key = [("public_key", key), ("key_validity_url", validity)];
            stored
                .public_keys
                .push(key.map(|(name, text)| (name.to_owned(), Value::String(text))).into_iter().collect());
        }
        if stored.public_keys.is_empty() {
            return Err(IdentityError::BadAnswer("no public key".to_owned()));
        }
        Ok(stored)
    }

    async fn ask_identity_server<T: DeserializeOwned>(
        &self,
        server: IdentityServer<'_>,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, IdentityError> {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let header = format!("Bearer {}", server.token);
        let answer = self.send_to_identity_server(server.name, method, path, header, body).await?;
        serde_json::from_slice(&answer).map_err(|error| IdentityError::BadAnswer(error.to_string()))
    }

    async fn send_to_identity_server(
        &self,
        name: &str,
        method: Method,
        path: &str,
        authorization: String,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, IdentityError> {
        split_name(name)?;
        let mut request = OutgoingRequest::new(method, format!("https://{name}{BASE}{path}"));
        request.headers = vec![
            ("authorization".to_owned(), authorization),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        request.body = body;
        request.timeout_ms = Some(TIMEOUT_MS);
        request.response_bytes_max = Some(ANSWER_BYTES_MAX);
        let answer = self.asker.outgoing.send(request).await;
        let answer = answer.map_err(|error| IdentityError::Unreachable(error.to_string()))?;
        if answer.status == 200 {
            return Ok(answer.body.to_vec());
        }
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let field = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        let (errcode, error) = (field("errcode"), field("error"));
        Err(IdentityError::Refused { status: answer.status, errcode, error })
    }
}

/// The host and the path of an identity server.
fn split_name(name: &str) -> Result<(&ServerName, &str), IdentityError> {
    let (host, path) = name.split_at(name.find('/').unwrap_or(name.len()));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    if name.len() > NAME_BYTES_MAX || !path.bytes().all(is_plain) {
        return Err(IdentityError::BadName);
    }
    let host = <&ServerName>::try_from(host).map_err(|_| IdentityError::BadName)?;
    Ok((host, path.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hosts_with_a_path_at_most() {
        let split = |name| split_name(name).map(|(host, path)| (host.to_string(), path.to_owned())).ok();
        let of = |host: &str, path: &str| Some((host.to_owned(), path.to_owned()));
        assert_eq!(split("id.example"), of("id.example", ""));
        assert_eq!(split("id.example:8090/matrix/id"), of("id.example:8090", "/matrix/id"));
        for bad in [
            "",
            "/",
            "https://id.example",
            "id.example/?a=b",
            "id.example#a",
            "user@id.example",
            "id.example/a b",
        ] {
            assert_eq!(split(bad), None, "{bad}");
        }
    }
}
