//! Profiles.

mod delete_profile_field;
mod get_profile;
mod get_profile_field;
mod profile_in_rooms;
mod set_profile_field;

use serde_json::{Value, json};

use crate::harness::{Answer, User, encode};

/// The path of a profile, or of one field of it.
fn path(of: &str, field: &str) -> String {
    let field = if field.is_empty() { String::new() } else { format!("/{}", encode(field)) };
    format!("/profile/{}{field}", encode(of))
}

async fn set(user: &User, field: &str, value: Value) -> Answer {
    user.put(&path(&user.id, field), json!({field: value})).await
}
