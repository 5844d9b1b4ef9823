//! Requests in the form in which clients write them: null for what is not there, an empty `auth`, and a password's
//! owner named as it was before there were identifiers. ruma reads none of these.
//! <https://spec.matrix.org/v1.19/client-server-api/#password-based>

use std::borrow::Cow;

use kith_api_common::json::ReadRequest;
use ruma::api::{IncomingRequest, error::DeserializationError};
use serde_json::{Map, Value, json};

/// ruma's request type, read with all that.
pub(crate) struct Lenient<T>(pub(crate) T);

impl<T: IncomingRequest> ReadRequest for Lenient<T> {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (parts, body) = request.into_parts();
        let body = modern(body);
        let request = http::Request::from_parts(parts, body.as_ref());
        Ok(Self(T::try_from_http_request_inner(request, arguments)?))
    }
}

/// The body as ruma reads it. What is no object is for ruma to refuse.
fn modern(body: &[u8]) -> Cow<'_, [u8]> {
    let Ok(mut object) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return Cow::Borrowed(body);
    };
    object.retain(|_, value| !value.is_null());
    if let Some(Value::Object(auth)) = object.get_mut("auth") {
        auth.retain(|_, value| !value.is_null());
        if auth.is_empty() {
            object.remove("auth");
        } else {
            identify(auth);
        }
    }
    Cow::Owned(Value::Object(object).to_string().into_bytes())
}

/// Puts the owner of a password where the specification has it today.
fn identify(auth: &mut Map<String, Value>) {
    if auth.contains_key("identifier") || auth.get("type").is_none_or(|kind| kind != "m.login.password") {
        return;
    }
    let identifier = match (auth.get("user"), auth.get("medium"), auth.get("address")) {
        (Some(user), _, _) => json!({ "type": "m.id.user", "user": user }),
        (None, Some(medium), Some(address)) => {
            json!({ "type": "m.id.thirdparty", "medium": medium, "address": address })
        }
        _ => return,
    };
    auth.insert("identifier".to_owned(), identifier);
}

#[cfg(test)]
mod tests {
    use super::modern;

    #[test]
    fn old_forms_become_new_ones() {
        let check = |old: &str, new: &str| {
            assert_eq!(String::from_utf8_lossy(&modern(old.as_bytes())), new, "{old}");
        };
        check(r#"{"a":null,"b":[null]}"#, r#"{"b":[null]}"#);
        check(r#"{"auth":{}}"#, "{}");
        check(r#"{"auth":{"session":null}}"#, "{}");
        check(r#"{"auth":{"session":"s"}}"#, r#"{"auth":{"session":"s"}}"#);
        check(
            r#"{"auth":{"type":"m.login.password","user":"a"}}"#,
            r#"{"auth":{"identifier":{"type":"m.id.user","user":"a"},"type":"m.login.password","user":"a"}}"#,
        );
        let today = r#"{"auth":{"identifier":{"type":"m.id.user","user":"b"},"type":"m.login.password"}}"#;
        check(today, today);
        check("[1]", "[1]");
        check("{", "{");
    }
}
