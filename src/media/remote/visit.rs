//! Visiting a URL that somebody else chose: redirects are followed one by one, and each is checked like the first.
//!
//! Addresses are checked by `kith-base` where they are connected to, so a name that leads somewhere else the second
//! time is no way in.

use http::{Method, header};
use kith_base::{
    Outgoing,
    outgoing::{OutgoingError, OutgoingRequest, OutgoingStream, follow},
};
use url::Url;

/// How many redirects are followed.
const REDIRECTS_MAX: usize = 5;
/// How long a URL may be.
const URL_BYTES_MAX: usize = 4_096;

/// Visits URLs.
pub(crate) struct Visitor {
    outgoing: Outgoing,
    denied_hosts: Vec<String>,
    timeout_ms: u64,
}

/// What was found.
pub(crate) struct Visited {
    /// Where, after all redirects.
    pub(crate) url: Url,
    /// The answer, of status 200 to 299.
    pub(crate) answer: OutgoingStream,
}

/// Why nothing was found.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum VisitError {
    #[error("this is no URL of the web")]
    BadUrl,
    #[error("this address may not be visited")]
    Denied,
    #[error("there are too many redirects")]
    TooManyRedirects,
    #[error("the answer is too large")]
    TooLarge,
    #[error("the answer has the status {0}")]
    Status(u16),
    #[error("{0}")]
    Unreachable(OutgoingError),
}

impl Visitor {
    /// A visitor that keeps away from hosts, and from everything below them.
    pub(crate) fn new(outgoing: Outgoing, denied_hosts: &[String], timeout_ms: u64) -> Self {
        let denied_hosts =
            denied_hosts.iter().map(|host| host.trim_matches('.').to_ascii_lowercase()).collect();
        Self { outgoing, denied_hosts, timeout_ms }
    }

    /// Sends a GET request and follows redirects.
    pub(crate) async fn visit(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        bytes_max: usize,
    ) -> Result<Visited, VisitError> {
        let mut next = url.to_owned();
        for _ in 0..=REDIRECTS_MAX {
            let url = self.check(&next)?;
            let mut request = OutgoingRequest::new(Method::GET, url.as_str());
            request.headers =
                headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            request.timeout_ms = Some(self.timeout_ms);
            request.response_bytes_max = Some(bytes_max);
            let answer = self.outgoing.stream(request).await?;
            match answer.status {
                200..=299 => return Ok(Visited { url, answer }),
                301 | 302 | 303 | 307 | 308 => {
                    let location = answer.headers.get(header::LOCATION);
                    let location = location.and_then(|value| value.to_str().ok());
                    let target = location.and_then(|location| follow(url.as_str(), location));
                    next = target.ok_or(VisitError::Status(answer.status))?;
                }
                status => return Err(VisitError::Status(status)),
            }
        }
        Err(VisitError::TooManyRedirects)
    }

    /// The URL, if it may be visited.
    pub(crate) fn check(&self, text: &str) -> Result<Url, VisitError> {
        if text.len() > URL_BYTES_MAX {
            return Err(VisitError::BadUrl);
        }
        let mut url = Url::parse(text).map_err(|_| VisitError::BadUrl)?;
        let is_web = matches!(url.scheme(), "http" | "https");
        // Nobody's password is tried out on anybody.
        if !is_web || !url.username().is_empty() || url.password().is_some() {
            return Err(VisitError::BadUrl);
        }
        url.set_fragment(None);
        let host = url.host_str().ok_or(VisitError::BadUrl)?;
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let is_denied = |denied: &String| {
            host.strip_suffix(denied.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        if self.denied_hosts.iter().any(is_denied) {
            return Err(VisitError::Denied);
        }
        Ok(url)
    }
}

impl From<OutgoingError> for VisitError {
    fn from(error: OutgoingError) -> Self {
        match error {
            OutgoingError::Denied(_) => Self::Denied,
            OutgoingError::TooLarge(_) => Self::TooLarge,
            OutgoingError::Url(_) => Self::BadUrl,
            OutgoingError::Options(_) | OutgoingError::Timeout | OutgoingError::Connection(_) => {
                Self::Unreachable(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_urls_are_not_visited() {
        let visitor = Visitor::new(Outgoing::unconnected(), &["Bad.example".to_owned()], 1_000);
        let check = |url: &str, expected: &str| {
            let found = visitor.check(url).map_or_else(|error| error.to_string(), |url| url.to_string());
            assert_eq!(found, expected, "{url}");
        };
        check("https://good.example/a#part", "https://good.example/a");
        check("http://notbad.example", "http://notbad.example/");
        for denied in ["https://bad.example/", "http://www.BAD.example:99/x", "https://bad.example./"] {
            check(denied, "this address may not be visited");
        }
        for bad in
            ["", "good.example", "ftp://good.example", "file:///etc/passwd", "https://", "javascript:1"]
        {
            check(bad, "this is no URL of the web");
        }
        check("https://user:secret@good.example/", "this is no URL of the web");
        check(&format!("https://good.example/{}", "x".repeat(5_000)), "this is no URL of the web");
    }
}
