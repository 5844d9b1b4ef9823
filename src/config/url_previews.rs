//! `[url_previews]`: what clients show below a link.

use serde::{Deserialize, Serialize};

/// What clients show below a link: title, description and picture of the page, which this server fetches for them.
/// `outgoing.denied_addresses` keeps it away from machines behind your firewall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UrlPreviews {
    /// False: no page is fetched, and clients show links alone.
    pub enabled: bool,

    /// Hosts that are not visited, with everything below them: "example.org" means www.example.org too.
    pub denied_hosts: Vec<String>,

    /// Bytes of a page that are read at most.
    pub page_bytes_max: usize,

    /// Bytes of a page's picture; larger ones are left out.
    pub image_bytes_max: usize,

    /// How long a page may take, its redirects and picture included, in milliseconds.
    pub timeout_ms: u64,

    /// How long a preview is kept before the page is fetched again, in seconds.
    pub cache_seconds: u64,

    /// The languages in which pages are asked for, best first.
    pub accept_language: String,
}

impl Default for UrlPreviews {
    fn default() -> UrlPreviews {
        UrlPreviews {
            enabled: true,
            denied_hosts: Vec::new(),
            page_bytes_max: 2 * 1024 * 1024,
            image_bytes_max: 10 * 1024 * 1024,
            timeout_ms: 20_000,
            cache_seconds: 3_600,
            accept_language: "en".to_owned(),
        }
    }
}
