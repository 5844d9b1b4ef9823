//! Finding people.

mod search_users;
