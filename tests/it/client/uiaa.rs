//! Pages for stages of user-interactive authentication.

mod get_uiaa_fallback_page;
mod submit_uiaa_fallback_page;
