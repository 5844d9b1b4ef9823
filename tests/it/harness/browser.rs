//! A browser, as far as logging in needs one: it keeps cookies, and says where it is sent instead of going there.

use std::{collections::BTreeMap, sync::Mutex};

use super::Server;

/// One browser that talks to one server.
pub(crate) struct Browser {
    base: String,
    http: reqwest::Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What a browser shows, or where it is sent.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) html: String,
}

impl Browser {
    pub(crate) fn new(server: &Server) -> Self {
        let redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().redirect(redirects).build().unwrap();
        Self { base: server.base.clone(), http, cookies: Mutex::default() }
    }

    pub(crate) async fn open(&self, path: &str) -> Page {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    /// Sends a form.
    pub(crate) async fn submit(&self, path: &str, form: &str) -> Page {
        let request = self.http.post(format!("{}{path}", self.base)).body(form.to_owned());
        self.send(request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("accept", "text/html,*/*;q=0.8").header("cookie", cookies.join("; "));
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            assert!(text.contains("; HttpOnly") && text.contains("; SameSite=Lax"), "{text}");
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        let status = response.status().as_u16();
        let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        Page { status, location, html: response.text().await.unwrap() }
    }
}

impl Page {
    /// Where the browser is sent.
    #[track_caller]
    pub(crate) fn goes_to(self) -> String {
        assert_eq!(self.status, 302, "{self:?}");
        self.location.unwrap()
    }

    /// What is shown.
    #[track_caller]
    pub(crate) fn shows(self, text: &str) -> String {
        assert!(self.html.contains(text), "no {text:?} in {self:?}");
        self.html
    }
}
