//! Identity servers: they know which address is whose. Users choose them and bring a token of their own.
//! <https://spec.matrix.org/v1.19/identity-service-api/>
//!
//! They are no homeservers: nothing is discovered, nothing is remembered of those that do not answer.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::Method;
use kith_base::outgoing::OutgoingRequest;
use ruma::{OwnedServerName, OwnedUserId, UserId};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{PeerError, Peers, asker, x_matrix::Signed};

/// How many bytes of an identity server's answer are read at most.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// How long a pepper may be, in bytes.
const PEPPER_BYTES_MAX: usize = 4096;
const PREFIX: &str = "/_matrix/identity/v2";

/// An identity server, and the token that a user has there.
#[derive(Clone)]
pub struct IdentityAccess {
    /// The server.
    pub server: OwnedServerName,
    /// The token.
    pub token: String,
}

/// What an identity server keeps for whoever turns out to own an address.
#[derive(Clone, Debug, Deserialize)]
pub struct StoredInvite {
    /// Stands for the address in the room.
    pub token: String,
    /// The keys that the proof will be signed with, as they go into the room.
    pub public_keys: Vec<Value>,
    /// What the room shows instead of the address.
    pub display_name: String,
}

#[derive(Deserialize)]
struct HashDetails {
    algorithms: Vec<String>,
    lookup_pepper: String,
}

#[derive(Deserialize)]
struct Lookup {
    mappings: std::collections::BTreeMap<String, OwnedUserId>,
}

#[derive(Deserialize)]
struct Association {
    medium: String,
    address: String,
}

impl Peers {
    /// Publishes that an address which a session there has proved belongs to a user. Answers medium and address.
    pub async fn bind_address(
        &self,
        access: &IdentityAccess,
        session: &str,
        client_secret: &str,
        user_id: &UserId,
    ) -> Result<(String, String), PeerError> {
        let body = json!({ "sid": session, "client_secret": client_secret, "mxid": user_id });
        let bound: Association = self.ask_identity(access, Method::POST, "/3pid/bind", Some(body)).await?;
        Ok((bound.medium, bound.address))
    }

    /// Takes back that an address belongs to a user. This server signs for its users.
    pub async fn unbind_address(
        &self,
        server: &OwnedServerName,
        medium: &str,
        address: &str,
        user_id: &UserId,
    ) -> Result<(), PeerError> {
        let uri = format!("{PREFIX}/3pid/unbind");
        let body = json!({ "mxid": user_id, "threepid": { "medium": medium, "address": address } });
        let body = body.to_string().into_bytes();
        let signed = Signed {
            origin: &self.asker.server_name,
            destination: server,
            method: "POST",
            uri: &uri,
            body: &body,
        };
        let header = signed.sign(&self.asker.signing_key);
        let header = header.map_err(|error| PeerError::BadRequest(error.to_string()))?;
        self.send_identity(server, Method::POST, &uri, header, Some(body)).await.map(|_| ())
    }

    /// Whose address it is, if the identity server knows. It sees a hash, which tells those addresses only that it knows
    /// already.
    pub async fn find_address(
        &self,
        access: &IdentityAccess,
        medium: &str,
        address: &str,
    ) -> Result<Option<OwnedUserId>, PeerError> {
        let details: HashDetails = self.ask_identity(access, Method::GET, "/hash_details", None).await?;
        if !details.algorithms.iter().any(|algorithm| algorithm == "sha256") {
            return Err(PeerError::BadAnswer("it hashes in a way that is not known here".to_owned()));
        }
        if details.lookup_pepper.len() > PEPPER_BYTES_MAX {
            return Err(PeerError::BadAnswer("its pepper is too long".to_owned()));
        }
        let text = format!("{address} {medium} {}", details.lookup_pepper);
        let hashed = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()));
        let body = json!({ "algorithm": "sha256", "pepper": details.lookup_pepper, "addresses": [hashed] });
        let mut found: Lookup = self.ask_identity(access, Method::POST, "/lookup", Some(body)).await?;
        Ok(found.mappings.remove(&hashed))
    }

    /// Leaves an invite for whoever turns out to own an address; the identity server writes to them.
    pub async fn store_invite(
        &self,
        access: &IdentityAccess,
        invite: Map<String, Value>,
    ) -> Result<StoredInvite, PeerError> {
        self.ask_identity(access, Method::POST, "/store-invite", Some(Value::Object(invite))).await
    }

    async fn ask_identity<T: DeserializeOwned>(
        &self,
        access: &IdentityAccess,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, PeerError> {
        let header = format!("Bearer {}", access.token);
        let body = body.map(|body| body.to_string().into_bytes());
        let answer =
            self.send_identity(&access.server, method, &format!("{PREFIX}{path}"), header, body).await?;
        serde_json::from_slice(&answer).map_err(|error| PeerError::BadAnswer(error.to_string()))
    }

    async fn send_identity(
        &self,
        server: &OwnedServerName,
        method: Method,
        uri: &str,
        authorization: String,
        body: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, PeerError> {
        let mut request = OutgoingRequest::new(method, format!("https://{server}{uri}"));
        request.headers.push(("authorization".to_owned(), authorization));
        if let Some(body) = body {
            request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
            request.body = body;
        }
        request.response_bytes_max = Some(ANSWER_BYTES_MAX);
        let answer = self.asker.outgoing.send(request).await.map_err(asker::explain)?;
        if (200..300).contains(&answer.status) {
            Ok(answer.body.to_vec())
        } else {
            Err(asker::refusal(answer))
        }
    }
}
