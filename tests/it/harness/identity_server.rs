//! What a peer answers that is an identity server: who has which address, and invites for those who have none.

use std::sync::{Arc, Mutex};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Peer, peer::Received};

const PEPPER: &str = "matrixrocks";

/// Lets a peer be an identity server that knows these addresses: medium, address, user.
pub(crate) fn become_identity_server(peer: &Peer, known: &[(&str, &str, &str)]) {
    let hashed = |medium: &str, address: &str| {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{address} {medium} {PEPPER}")))
    };
    let known: Vec<(String, String)> =
        known.iter().map(|(medium, address, user)| (hashed(medium, address), (*user).to_owned())).collect();
    let prefix = "/_matrix/identity/v2";
    let details = json!({"algorithms": ["none", "sha256"], "lookup_pepper": PEPPER});
    peer.answer(&format!("{prefix}/hash_details"), move |_| (200, details.clone()));
    peer.answer(&format!("{prefix}/lookup"), move |request: &Received| {
        assert_eq!((&request.body["algorithm"], &request.body["pepper"]), (&json!("sha256"), &json!(PEPPER)));
        let asked = request.body["addresses"].as_array().unwrap();
        let found = known.iter().filter(|(hash, _)| asked.contains(&json!(hash)));
        let found = found.map(|(hash, user)| (hash.clone(), json!(user)));
        (200, json!({"mappings": found.collect::<serde_json::Map<String, Value>>()}))
    });
    let name = peer.name.clone();
    peer.answer(&format!("{prefix}/store-invite"), move |_| {
        let url = format!("https://{name}/_matrix/identity/v2/pubkey/isvalid");
        let keys = json!([{"public_key": "first", "key_validity_url": url}, {"public_key": "second"}]);
        (200, json!({"token": "the-token", "public_keys": keys, "display_name": "a...@e..."}))
    });
    let bound = Arc::new(Mutex::new(Vec::new()));
    let binding = Arc::clone(&bound);
    peer.answer(&format!("{prefix}/3pid/bind"), move |request: &Received| {
        if request.body["sid"] != "validated" {
            return (404, json!({"errcode": "M_SESSION_NOT_VALIDATED", "error": "no"}));
        }
        binding.lock().unwrap().push(request.body["mxid"].clone());
        (200, json!({"medium": "email", "address": "alice@example.org", "mxid": request.body["mxid"]}))
    });
    peer.answer(&format!("{prefix}/3pid/unbind"), move |request: &Received| {
        let mut bound = bound.lock().unwrap();
        match bound.iter().position(|user| *user == request.body["mxid"]) {
            Some(index) => {
                bound.remove(index);
                (200, json!({}))
            }
            None => (404, json!({"errcode": "M_NOT_FOUND", "error": "no"})),
        }
    });
}
