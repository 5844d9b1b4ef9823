//! Registration tokens: who holds one may register where `registration.mode` is "token".

mod create_token;
mod delete_token;
mod get_token;
mod list_tokens;
mod update_token;

use kith_accounts::RegistrationToken;
use kith_api_common::{
    Router,
    json::{ReadRequest, read_path},
};
use ruma::api::error::DeserializationError;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(create_token::handler)
        .endpoint(delete_token::handler)
        .endpoint(get_token::handler)
        .endpoint(list_tokens::handler)
        .endpoint(update_token::handler)
}

/// A request that consists of the token in its path.
pub(crate) struct OfToken {
    token: String,
}

impl ReadRequest for OfToken {
    fn read(_: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (token,) = read_path(arguments)?;
        Ok(Self { token })
    }
}

/// A token as administrators see it.
fn shown(token: &RegistrationToken) -> Value {
    json!({
        "token": token.token.reveal(),
        "uses_allowed": token.uses_allowed,
        "pending": token.pending,
        "completed": token.completed,
        "expiry_time": token.expires_ms,
    })
}

/// Tells a field that is null, which takes a bound away, from one that is not there.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
