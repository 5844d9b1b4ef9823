//! `filters`: the filters that clients have stored.

use crate::{catalog::families, sids::UserSid, table::Table};

/// `(user, filter id) → the filter`, as JSON. The id is made from the filter, so storing one twice is storing it once.
pub static FILTERS: Table<(UserSid, String), String> = Table::new(families::FILTERS);
