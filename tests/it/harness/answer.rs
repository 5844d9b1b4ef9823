//! One HTTP answer, and what a test expects of it.

use serde_json::Value;

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
}
