//! The few pages that people see of this server: where links in mails lead, and where browsers log in.
//!
//! Everything that is put into a page is escaped. Nothing from elsewhere is loaded, and scripts run only where a page
//! has been given a nonce for its own.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kith_api_common::{ApiError, json::ReadRequest};
use minijinja::{Environment, Value};
use ruma::api::error::DeserializationError;

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    let pages = [
        ("layout.html", include_str!("pages/layout.html")),
        ("message.html", include_str!("pages/message.html")),
        ("confirm.html", include_str!("pages/confirm.html")),
        ("providers.html", include_str!("pages/providers.html")),
        ("sso_confirm.html", include_str!("pages/sso_confirm.html")),
        ("auth_done.html", include_str!("pages/auth_done.html")),
        ("terms.html", include_str!("pages/terms.html")),
        ("ask.html", include_str!("pages/ask.html")),
    ];
    for (name, text) in pages {
        environment.add_template(name, text).expect("the pages are built in and tested");
    }
    environment
});

/// A page with these values.
pub(crate) fn page(status: StatusCode, name: &str, values: Value) -> Result<Response, ApiError> {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'";
    page_with_policy(status, name, values, policy)
}

/// A page with a script of its own, which `nonce` lets run.
pub(crate) fn page_with_script(
    status: StatusCode,
    name: &str,
    values: Value,
    nonce: &str,
) -> Result<Response, ApiError> {
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; img-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    page_with_policy(status, name, values, &policy)
}

/// A page that says what went wrong, for browsers; programs get the error.
pub(crate) fn refusal(fields: &Fields, title: &str, error: ApiError) -> Result<Response, ApiError> {
    if !fields.wants_page {
        return Err(error);
    }
    page(error.status(), "message.html", minijinja::context! { title, text => error.message() })
}

fn page_with_policy(
    status: StatusCode,
    name: &str,
    values: Value,
    policy: &str,
) -> Result<Response, ApiError> {
    let template = PAGES.get_template(name).map_err(|error| ApiError::internal(&error))?;
    let html = template.render(values).map_err(|error| ApiError::internal(&error))?;
    let policy = HeaderValue::from_str(policy).map_err(|error| ApiError::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, policy),
        // The address of a page may hold a token.
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((status, headers, html).into_response())
}

/// What a browser or a client sends to a page: the fields of the query and of the body, which is a form or an object
/// of texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    fields: BTreeMap<String, String>,
    cookies: BTreeMap<String, String>,
    is_json: bool,
    wants_page: bool,
}

impl Fields {
    /// A field; empty ones are none.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A field that has to be there.
    pub(crate) fn get(&self, name: &str) -> Result<&str, ApiError> {
        let missing =
            || ApiError::bad_request(ruma::api::error::ErrorKind::MissingParam, format!("missing: {name}"));
        self.find(name).ok_or_else(missing)
    }

    /// Whether a program is asking, which wants JSON and no page.
    pub(crate) fn is_json(&self) -> bool {
        self.is_json
    }

    /// A cookie.
    pub(crate) fn find_cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }
}

impl ReadRequest for Fields {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let parse =
            |text: &[u8]| form_urlencoded::parse(text).into_owned().collect::<Vec<(String, String)>>();
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        fields.extend(parse(request.uri().query().unwrap_or_default().as_bytes()));
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let is_json = request.method() == http::Method::POST && !is_form;
        if is_form {
            fields.extend(parse(request.body()));
        } else if is_json && !request.body().is_empty() {
            let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(request.body())?;
            let texts =
                object.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
            fields.extend(texts);
        }
        // What stands in the path counts before all else.
        for (index, argument) in arguments.iter().enumerate() {
            fields.insert(format!("path{index}"), (*argument).to_owned());
        }
        let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let wants_page = accept.is_some_and(|kinds| kinds.contains("text/html"));
        Ok(Self { fields, cookies: cookies(request.headers()), is_json, wants_page })
    }
}

fn cookies(headers: &http::HeaderMap) -> BTreeMap<String, String> {
    let mut cookies = BTreeMap::new();
    for line in headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()) {
        for (name, value) in line.split(';').filter_map(|pair| pair.split_once('=')) {
            cookies.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
    cookies
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    fn read(method: &str, uri: &str, content_type: &str, body: &str) -> Fields {
        let request = http::Request::builder().method(method).uri(uri).header("content-type", content_type);
        let request = request.header("cookie", "a=1; b=2").body(body.as_bytes()).expect("is a request");
        Fields::read(request, &["x"]).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn fields_come_from_everywhere() {
        let form = "application/x-www-form-urlencoded";
        let fields = read("POST", "/p?sid=1&token=old&empty=", form, "token=a%26b+c");
        assert_eq!((fields.find("sid"), fields.find("token")), (Some("1"), Some("a&b c")));
        assert_eq!((fields.find("empty"), fields.find("path0")), (None, Some("x")));
        assert_eq!(fields.find_cookie("b"), Some("2"));
        assert!(!fields.is_json());
        let fields = read("POST", "/p", "application/json", r#"{"sid": "1", "number": 5}"#);
        assert_eq!((fields.find("sid"), fields.find("number"), fields.is_json()), (Some("1"), None, true));
        assert!(!read("GET", "/p?path0=fake", "", "").is_json());
        assert_eq!(read("GET", "/p?path0=fake", "", "").find("path0"), Some("x"));
    }

    #[test]
    fn pages_escape_what_is_put_into_them() {
        for name in ["message.html", "confirm.html", "ask.html", "terms.html"] {
            let values = context! {
                title => "<script>", text => "\"><script>", next_link => "https://x/\"onload=",
                fields => vec![vec!["a\"", "<b>"]], button => "<i>",
            };
            let response = page(StatusCode::OK, name, values).expect("renders");
            assert!(response.headers().contains_key("content-security-policy"));
            let template = PAGES.get_template(name).expect("is there");
            let html =
                template.render(context! { title => "<script>", text => "\"<script>" }).expect("renders");
            assert!(!html.contains("<script>"), "{html}");
        }
    }
}
