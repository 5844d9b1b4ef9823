//! What becomes of a file that another server is asked for, in all the ways in which other servers answer.

use serde_json::json;

use crate::harness::{Download, Peer, Sent, Server, User, media_path, start_federating};

const FEDERATION: &str = "/_matrix/federation/v1/media/download/";
const LEGACY: &str = "/_matrix/media/v3/download/";

/// A peer that is asked, and somebody who wants a file.
struct Scene {
    server: Server,
    alice: User,
    peer: Peer,
}

impl Scene {
    async fn start(more: &str) -> Self {
        let (server, peer) = tokio::join!(start_federating("127.0.0.2", more), Peer::start("127.0.0.7"));
        let alice = server.register("alice").await;
        Self { server, alice, peer }
    }

    /// Asks for a file of the peer.
    async fn fetch(&self, media_id_and_query: &str) -> Download {
        let uri = format!("mxc://{}/{media_id_and_query}", self.peer.name);
        self.alice.download(&media_path("download", &uri)).await
    }

    /// Has the peer answer servers like this.
    fn answers(&self, media_id: &str, part: &str) {
        let body = format!("--b\r\nContent-Type: application/json\r\n\r\n{{}}\r\n--b\r\n{part}");
        let headers = vec![("content-type", "multipart/mixed; boundary=b".to_owned())];
        let sent = Sent { status: 200, headers, body: body.into_bytes() };
        self.peer.answer_with(&format!("{FEDERATION}{media_id}"), move |_| sent.clone());
    }

    /// Has the peer answer everybody like this.
    fn serves(&self, path: &str, status: u16, headers: &[(&'static str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let sent = Sent { status, headers, body: body.into() };
        self.peer.answer_with(path, move |_| sent.clone());
    }

    /// How often the peer was asked for a file.
    fn asked(&self, media_id: &str) -> (usize, usize) {
        let legacy = format!("{LEGACY}{}/{media_id}", self.peer.name);
        (self.peer.received(&format!("{FEDERATION}{media_id}")).len(), self.peer.received(&legacy).len())
    }
}

#[tokio::test]
async fn a_file_is_fetched_once_and_declared_as_every_other() {
    let scene = Scene::start("").await;
    let part = "content-TYPE: text/html\r\nContent-Disposition: inline; filename*=utf-8''%C3%BC.html\r\n\r\n<script>\r\n--b--";
    scene.answers("page", part);
    for _ in 0..2 {
        let file = scene.fetch("page?timeout_ms=1234").await.ok();
        assert_eq!(file.bytes, b"<script>");
        assert_eq!(file.header("content-type"), "text/html");
        assert_eq!(file.header("content-disposition"), "attachment; filename*=utf-8''%C3%BC.html");
        file.is_harmless();
    }
    assert_eq!(scene.asked("page"), (1, 0));
    assert_eq!(scene.peer.received(FEDERATION)[0].path, format!("{FEDERATION}page?timeout_ms=1234"));
}

#[tokio::test]
async fn on_the_older_path_one_may_ask_for_what_is_here_only() {
    // Every file is from before the freeze.
    let scene = Scene::start("[media]\nlegacy_media_before_ms = 32503680000000\n").await;
    scene.answers("a", "Content-Type: text/plain\r\n\r\nhello\r\n--b--");
    let path = format!("{LEGACY}{}/a", scene.peer.name);
    let here_only = format!("{path}?allow_remote=false");
    scene.server.download(&here_only).await.refused(404, "M_NOT_FOUND");
    assert_eq!(scene.asked("a"), (0, 0));
    assert_eq!(scene.server.download(&path).await.ok().bytes, b"hello");
    assert_eq!(scene.server.download(&here_only).await.ok().bytes, b"hello");
    assert_eq!(scene.asked("a"), (1, 0));
}

#[tokio::test]
async fn a_file_may_be_elsewhere() {
    let scene = Scene::start("").await;
    let place = format!("https://{}/store/1?signature=x", scene.peer.name);
    scene.answers("a", &format!("Location: {place}\r\n\r\n\r\n--b--"));
    let redirect: &[(&'static str, &str)] = &[("location", "/store/2")];
    scene.serves("/store/1", 302, redirect, "");
    let headers: &[(&'static str, &str)] =
        &[("content-type", "image/png"), ("content-disposition", "inline; filename=a.png")];
    scene.serves("/store/2", 200, headers, "picture");
    let file = scene.fetch("a").await.ok();
    assert_eq!(file.bytes, b"picture");
    assert_eq!(file.header("content-type"), "image/png");
    assert_eq!(file.header("content-disposition"), "inline; filename=a.png");
    scene.answers("b", "Location: file:///etc/passwd\r\n\r\n\r\n--b--");
    scene.fetch("b").await.refused(502, "M_UNKNOWN");
}

#[tokio::test]
async fn servers_of_old_are_asked_as_clients_were() {
    let scene = Scene::start("").await;
    let legacy = format!("{LEGACY}{}/", scene.peer.name);
    scene.serves(&format!("{legacy}a"), 200, &[("content-type", "text/plain")], "old");
    let file = scene.fetch("a?timeout_ms=5000").await.ok();
    assert_eq!((file.bytes.as_slice(), file.header("content-type")), (&b"old"[..], "text/plain"));
    assert_eq!(scene.asked("a"), (1, 1));
    let asked = &scene.peer.received(&legacy)[0].path;
    assert_eq!(*asked, format!("{legacy}a?allow_remote=false&allow_redirect=true&timeout_ms=5000"));
    scene.serves(&format!("{legacy}b"), 307, &[("location", "/store/b")], "");
    scene.serves("/store/b", 200, &[], "elsewhere");
    let file = scene.fetch("b").await.ok();
    assert_eq!(file.bytes, b"elsewhere");
    assert_eq!(file.header("content-type"), "application/octet-stream");
    // Nor do they have everything.
    scene.fetch("c").await.refused(404, "M_NOT_FOUND");
    assert_eq!(scene.asked("c"), (1, 1));
}

#[tokio::test]
async fn a_refusal_is_passed_on() {
    let scene = Scene::start("").await;
    for (media_id, status, errcode, passed_on) in [
        ("missing", 404, "M_NOT_FOUND", (404, "M_NOT_FOUND")),
        ("announced", 504, "M_NOT_YET_UPLOADED", (504, "M_NOT_YET_UPLOADED")),
        ("large", 502, "M_TOO_LARGE", (502, "M_TOO_LARGE")),
        ("failing", 500, "M_UNKNOWN", (502, "M_UNKNOWN")),
        ("forbidden", 403, "M_FORBIDDEN", (502, "M_UNKNOWN")),
    ] {
        let answer = json!({"errcode": errcode, "error": "no"});
        scene.peer.answer(&format!("{FEDERATION}{media_id}"), move |_| (status, answer.clone()));
        scene.fetch(media_id).await.refused(passed_on.0, passed_on.1);
        assert_eq!(scene.asked(media_id), (1, 0), "{media_id}");
    }
}

#[tokio::test]
async fn nothing_is_made_of_half_an_answer() {
    let scene = Scene::start("").await;
    // Without its last separator a file may have lost its end.
    scene.answers("cut", "Content-Type: text/plain\r\n\r\nhalf of it");
    scene.answers("empty", "");
    scene.serves(&format!("{FEDERATION}plain"), 200, &[("content-type", "text/plain")], "hello");
    scene.serves(&format!("{FEDERATION}headless"), 200, &[], "hello");
    for media_id in ["cut", "empty", "plain", "headless"] {
        for times in 1..=2 {
            scene.fetch(media_id).await.refused(502, "M_UNKNOWN");
            assert_eq!(scene.asked(media_id), (times, 0), "{media_id}");
        }
    }
}

#[tokio::test]
async fn what_is_too_large_is_not_kept() {
    let scene = Scene::start("[media]\nremote_bytes_max = 10\n").await;
    scene.answers("fits", "\r\n0123456789\r\n--b--");
    scene.answers("large", "Content-Type: text/plain\r\n\r\n0123456789a\r\n--b--");
    scene.fetch("large").await.refused(502, "M_TOO_LARGE");
    scene.fetch("large").await.refused(502, "M_TOO_LARGE");
    assert_eq!(scene.asked("large"), (2, 0));
    assert_eq!(scene.fetch("fits").await.ok().bytes, b"0123456789");
}
