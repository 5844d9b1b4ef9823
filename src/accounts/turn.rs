//! Credentials for the TURN relay: a name that says when they expire, and its MAC under the secret shared with the
//! relay, as coturn's `use-auth-secret` expects them.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3voipturnserver>

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use kith_config::{Secret, Turn};
use ruma::UserId;
use sha1::Sha1;

/// What a client needs to use the relay.
#[derive(Clone, Debug)]
pub struct TurnCredentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// The relay's addresses.
    pub uris: Vec<String>,
    /// How long name and password are valid.
    pub lifetime: Duration,
}

/// A user's credentials for the configured relay; `None` if none is configured.
pub fn turn_credentials(turn: &Turn, user_id: &UserId, now_ms: u64) -> Option<TurnCredentials> {
    if turn.uris.is_empty() {
        return None;
    }
    let lifetime = Duration::from_secs(turn.lifetime_seconds);
    let (username, password) = match (&turn.shared_secret, &turn.username, &turn.password) {
        (Some(secret), _, _) => {
            let expires = (now_ms / 1000).saturating_add(turn.lifetime_seconds);
            let username = format!("{expires}:{user_id}");
            let password = mac(secret, &username);
            (username, password)
        }
        (None, Some(username), Some(password)) => (username.clone(), password.clone()),
        _ => return None,
    };
    Some(TurnCredentials { username, password, uris: turn.uris.clone(), lifetime })
}

fn mac(secret: &Secret, username: &str) -> Secret {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(secret.reveal().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(username.as_bytes());
    Secret::new(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    #[test]
    fn the_password_is_the_mac_of_the_name() {
        let turn = Turn {
            uris: vec!["turn:turn.a.example".to_owned()],
            shared_secret: Some(Secret::new("key")),
            lifetime_seconds: 100,
            ..Turn::default()
        };
        let credentials =
            turn_credentials(&turn, user_id!("@alice:a.example"), 1_000_000).expect("is configured");
        assert_eq!(credentials.username, "1100:@alice:a.example");
        // printf '1100:@alice:a.example' | openssl dgst -sha1 -hmac key -binary | base64
        assert_eq!(credentials.password.reveal(), "t1vJ6PCmwZcTpL53PNt5dcXjOGg=");
        assert!(turn_credentials(&Turn::default(), user_id!("@alice:a.example"), 0).is_none());
    }
}
