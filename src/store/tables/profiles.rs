//! `profiles`: what this server's users say of themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{catalog::families, record, sids::UserSid, table::Table};

/// `user → profile`, for users of this server only.
pub static PROFILES: Table<UserSid, ProfileRecord> = Table::new(families::PROFILES);

/// A profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRecord {
    /// `displayname`.
    pub display_name: Option<String>,
    /// `avatar_url`.
    pub avatar_url: Option<String>,
    /// Every other field, as JSON.
    pub fields: BTreeMap<String, String>,
}
record!(ProfileRecord, 1);
