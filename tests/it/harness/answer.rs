//! One HTTP answer, and what a test expects of it.

use serde_json::Value;

/// A server of which nobody's address is known, as it stands in the paths of requests: `[::1]` has no listener.
const NOBODYS_SERVER: &str = "%5B%3A%3A1%5D";

/// A status and a JSON body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{} answered {}", self.request, self.body);
        self.body
    }

    /// Checks that the request was refused with this status and `errcode`; answers the body.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, errcode: &str) -> Value {
        let found = (self.status, self.body["errcode"].as_str().unwrap_or_default());
        assert_eq!(found, (status, errcode), "{} answered {}", self.request, self.body);
        self.body
    }

    /// The id of the event that a success has made.
    #[track_caller]
    pub(crate) fn event_id(self) -> String {
        let body = self.ok();
        body["event_id"].as_str().unwrap_or_else(|| panic!("no event_id in {body}")).to_owned()
    }

    /// Checks what holds for every answer whatever was asked: the server has not failed, and a refusal says why in
    /// the form of the specification.
    #[track_caller]
    pub(crate) fn is_sound(&self) {
        // Whoever asks for somebody or something at a server that does not exist hears that it cannot be asked. Files
        // are named by their server, and nearly everything may be the name of one, or of an identity server.
        let elsewhere = [NOBODYS_SERVER, "/media/", "/account/3pid/"];
        let is_of_elsewhere = elsewhere.iter().any(|part| self.request.contains(part));
        let elsewhere = self.status == 502 && is_of_elsewhere;
        assert!(self.status < 500 || elsewhere, "{} answered {} {}", self.request, self.status, self.body);
        if self.status >= 400 && self.body["flows"].is_null() {
            let errcode = self.body["errcode"].as_str().unwrap_or_default();
            let is_code = errcode.starts_with("M_")
                && errcode
                    .bytes()
                    .all(|byte| byte == b'_' || byte.is_ascii_uppercase() || byte.is_ascii_digit());
            let says_why = self.body["error"].as_str().is_some_and(|text| !text.is_empty());
            assert!(is_code && says_why, "{} answered {} {}", self.request, self.status, self.body);
        }
    }
}
