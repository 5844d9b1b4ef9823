//! `GET /.well-known/matrix/server` of a domain: where its Matrix server is, and for how long to believe that.
//!
//! The file may be anybody's, so it is fetched like everything else that is: to no denied address, over TLS, by few
//! redirects, with few bytes.
//! <https://spec.matrix.org/v1.19/server-server-api/#getwell-knownmatrixserver>

use std::time::Duration;

use http::{HeaderMap, Method, header};
use kith_base::{
    Outgoing,
    outgoing::{OutgoingAnswer, OutgoingRequest, follow},
};
use ruma::{OwnedServerName, ServerName};
use serde::Deserialize;

/// How many redirects are followed.
const REDIRECTS_MAX: usize = 5;
/// How large the file may be.
const FILE_BYTES_MAX: usize = 50 * 1024;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
/// How long a file is believed: at least, at most, and when it does not say.
const LIFETIME_MIN_MS: u64 = 5 * MINUTE_MS;
const LIFETIME_MAX_MS: u64 = 48 * HOUR_MS;
const LIFETIME_DEFAULT_MS: u64 = 24 * HOUR_MS;
/// How long a domain without a file is not asked again: at first, and at most.
const FAILURE_MIN_MS: u64 = 2 * MINUTE_MS;
const FAILURE_MAX_MS: u64 = HOUR_MS;

/// What is remembered of a domain's file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    /// The server that the domain named, if it did.
    pub(super) delegated: Option<OwnedServerName>,
    /// When the domain is to be asked again, in unix milliseconds.
    pub(super) ask_again_ms: u64,
    /// Until when `delegated` outlives failures to fetch it again, in unix milliseconds.
    keep_until_ms: u64,
    /// How often the file could not be fetched in a row.
    failures: u32,
}

/// A valid file.
#[derive(Debug, PartialEq, Eq)]
struct File {
    server: OwnedServerName,
    lifetime_ms: u64,
}

impl Memory {
    /// What to remember after the file was fetched, or was not.
    fn next(&self, file: Option<File>, now_ms: u64) -> Self {
        match file {
            Some(File { server, lifetime_ms }) => Self {
                delegated: Some(server),
                ask_again_ms: now_ms.saturating_add(lifetime_ms),
                keep_until_ms: now_ms.saturating_add(LIFETIME_MAX_MS),
                failures: 0,
            },
            None => Self {
                // A domain whose web server is down for an hour has not moved its Matrix server.
                delegated: self.delegated.clone().filter(|_| now_ms < self.keep_until_ms),
                ask_again_ms: now_ms.saturating_add(
                    FAILURE_MIN_MS.saturating_mul(1 << self.failures.min(10)).min(FAILURE_MAX_MS),
                ),
                keep_until_ms: self.keep_until_ms,
                failures: self.failures.saturating_add(1),
            },
        }
    }
}

/// Asks a host for its file, and says what to remember.
pub(super) async fn ask(
    outgoing: &Outgoing,
    host: &str,
    timeout_ms: u64,
    before: &Memory,
    now_ms: u64,
) -> Memory {
    let fetching = tokio::time::timeout(Duration::from_millis(timeout_ms), fetch(outgoing, host, timeout_ms));
    let file = match fetching.await {
        Ok(Ok(file)) => Some(file),
        Ok(Err(reason)) => {
            tracing::debug!(host, reason, "no well-known file");
            None
        }
        Err(_elapsed) => {
            tracing::debug!(host, "no well-known file in time");
            None
        }
    };
    before.next(file, now_ms)
}

async fn fetch(outgoing: &Outgoing, host: &str, timeout_ms: u64) -> Result<File, String> {
    let mut url = format!("https://{host}/.well-known/matrix/server");
    for _ in 0..=REDIRECTS_MAX {
        let request = OutgoingRequest {
            timeout_ms: Some(timeout_ms),
            response_bytes_max: Some(FILE_BYTES_MAX),
            ..OutgoingRequest::new(Method::GET, &url)
        };
        let answer = outgoing.send(request).await.map_err(|error| error.to_string())?;
        match redirect(&url, &answer) {
            Some(next) => url = next?,
            None => return read(&answer),
        }
    }
    Err(format!("more than {REDIRECTS_MAX} redirects"))
}

/// Where an answer sends its reader, if it does. Nobody is sent away from TLS.
fn redirect(url: &str, answer: &OutgoingAnswer) -> Option<Result<String, String>> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let next = location.and_then(|location| follow(url, location));
    Some(next.filter(|next| next.starts_with("https://")).ok_or_else(|| "a redirect to nowhere".to_owned()))
}

fn read(answer: &OutgoingAnswer) -> Result<File, String> {
    if answer.status != 200 {
        return Err(format!("status {}", answer.status));
    }
    Ok(File { server: delegated(&answer.body)?, lifetime_ms: lifetime_ms(&answer.headers) })
}

/// The server that a file names.
pub fn delegated(file: &[u8]) -> Result<OwnedServerName, String> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "m.server")]
        server: String,
    }

    let body: Body = serde_json::from_slice(file).map_err(|error| error.to_string())?;
    ServerName::parse(body.server).map_err(|error| error.to_string())
}

/// How long an answer with these headers may be kept.
fn lifetime_ms(headers: &HeaderMap) -> u64 {
    let directives = headers.get_all(header::CACHE_CONTROL).into_iter();
    let directives: Vec<String> = directives
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.trim().to_ascii_lowercase())
        .collect();
    if directives.iter().any(|directive| directive == "no-store" || directive == "no-cache") {
        return LIFETIME_MIN_MS;
    }
    let max_age = directives.iter().find_map(|directive| directive.strip_prefix("max-age="));
    let max_age_seconds = max_age.and_then(|seconds| seconds.trim_matches('"').parse::<u64>().ok());
    let lifetime_ms = max_age_seconds.map_or(LIFETIME_DEFAULT_MS, |seconds| seconds.saturating_mul(1_000));
    lifetime_ms.clamp(LIFETIME_MIN_MS, LIFETIME_MAX_MS)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> OutgoingAnswer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_static(value));
        }
        OutgoingAnswer { status, headers: map, body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn only_a_whole_file_names_a_server() {
        let server = |status, body| read(&answer(status, &[], body)).ok().map(|file| file.server.to_string());
        let named = Some("matrix.a.example:443".to_owned());
        assert_eq!(server(200, r#"{"m.server":"matrix.a.example:443","other":1}"#), named);
        assert_eq!(server(404, r#"{"m.server":"matrix.a.example:443"}"#), None);
        assert_eq!(server(200, "<html>"), None);
        assert_eq!(server(200, "{}"), None);
        assert_eq!(server(200, r#"{"m.server":7}"#), None);
        assert_eq!(server(200, r#"{"m.server":"https://a.example/"}"#), None);
        assert_eq!(server(200, r#"{"m.server":"a.example:99999"}"#), None);
    }

    #[test]
    fn caching_has_bounds() {
        let check = |value, expected| {
            let answer = answer(200, &[("cache-control", value)], "");
            assert_eq!(lifetime_ms(&answer.headers), expected, "{value}");
        };
        check("public, max-age=7200", 2 * HOUR_MS);
        check("Max-Age=1", LIFETIME_MIN_MS);
        check("max-age=99999999999999999999", LIFETIME_DEFAULT_MS);
        check("max-age=9999999", LIFETIME_MAX_MS);
        check("no-store, max-age=7200", LIFETIME_MIN_MS);
        assert_eq!(lifetime_ms(&HeaderMap::new()), LIFETIME_DEFAULT_MS);
    }

    #[test]
    fn redirects_stay_with_tls() {
        let check = |location, expected: Option<&str>| {
            let next = redirect("https://a.example/x", &answer(302, &[("location", location)], ""));
            assert_eq!(next.expect("is a redirect").ok().as_deref(), expected, "{location}");
        };
        check("/y", Some("https://a.example/y"));
        check("https://b.example/z", Some("https://b.example/z"));
        check("http://b.example/z", None);
        check("file:///etc/passwd", None);
        assert!(redirect("https://a.example/x", &answer(200, &[], "")).is_none());
    }

    #[test]
    fn failures_wait_longer_and_forget_a_delegation_at_last() {
        let file = || File { server: ServerName::parse("b.example").expect("a name"), lifetime_ms: HOUR_MS };
        let fetched = Memory::default().next(Some(file()), 0);
        assert_eq!((fetched.ask_again_ms, fetched.delegated.is_some()), (HOUR_MS, true));

        let failed = fetched.next(None, HOUR_MS);
        assert_eq!(failed.ask_again_ms, HOUR_MS + FAILURE_MIN_MS);
        assert!(failed.delegated.is_some());
        let failed = failed.next(None, 2 * HOUR_MS);
        assert_eq!(failed.ask_again_ms, 2 * HOUR_MS + 2 * FAILURE_MIN_MS);
        let failed = failed.next(None, 49 * HOUR_MS);
        assert!(failed.delegated.is_none());
        assert_eq!((0..20).fold(failed, |memory, _| memory.next(None, 0)).ask_again_ms, FAILURE_MAX_MS);
    }
}
