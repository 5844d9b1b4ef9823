//! Events and what surrounds them.

mod get_context;
