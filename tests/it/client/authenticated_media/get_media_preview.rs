//! `GET /_matrix/client/v1/media/preview_url`

use image::ImageFormat;
use serde_json::json;

use crate::harness::{Server, Site, picture};

const BELOW: &str = "/_matrix/client/v1/media";
/// Nothing is denied, or one address of this machine, as if it lay behind a firewall.
const OPEN: &str = "[outgoing]\ndenied_addresses = []\n";
const HALF_OPEN: &str = "[outgoing]\ndenied_addresses = [\"127.0.0.2/32\"]\n";

fn html(path: &'static str, text: impl Into<Vec<u8>>) -> (&'static str, String, Vec<u8>) {
    (path, "200 OK\r\ncontent-type: text/html; charset=utf-8".to_owned(), text.into())
}

#[tokio::test]
async fn a_page_says_what_it_is_about() {
    let page = r#"<html><head><title>Ignored</title>
        <meta property="og:title" content="Tea &amp; cake">
        <meta property="og:description" content="All about &#x1F370;">
        <meta property="og:image" content="/cake.png">
        </head><body><script>alert(1)</script></body></html>"#;
    let cake =
        ("/cake.png", "200 OK\r\ncontent-type: image/png".to_owned(), picture(64, 48, ImageFormat::Png));
    let fake = ("/fake.png", "200 OK\r\ncontent-type: image/png".to_owned(), b"<script>".to_vec());
    let faking = r#"<title>Fake</title><meta property="og:image" content="/fake.png">"#;
    let pages =
        vec![html("/", page), html("/plain", "<title>Plain</title>"), html("/faking", faking), cake, fake];
    let site = Site::start(pages).await;
    let server = Server::start_with(OPEN).await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", site.port);
    let preview = alice.preview(BELOW, &url("/")).await.ok();
    assert_eq!(preview["og:title"], "Tea & cake");
    assert_eq!(preview["og:description"], "All about 🍰");
    assert_eq!(preview["og:image:width"], 64);
    assert_eq!(preview["og:image:height"], 48);
    assert_eq!(preview["og:image:type"], "image/png");
    let image = alice.fetch(preview["og:image"].as_str().unwrap()).await.ok();
    assert_eq!(preview["matrix:image:size"], image.bytes.len());
    assert_eq!(image.size(), (64, 48));
    // Whoever comes next finds it kept.
    let visits = site.visits();
    assert_eq!(bob.preview(BELOW, &url("/")).await.ok(), preview);
    assert_eq!(site.visits(), visits);
    assert_eq!(alice.preview(BELOW, &url("/plain")).await.ok(), json!({"og:title": "Plain"}));
    let faking = alice.preview(BELOW, &url("/faking")).await.ok();
    assert_eq!((&faking["og:title"], faking.get("og:image")), (&json!("Fake"), None));
    alice.preview(BELOW, &url("/missing")).await.refused(502, "M_UNKNOWN");
}

#[tokio::test]
async fn machines_behind_the_firewall_are_not_visited() {
    let site = Site::start(vec![html("/", "<title>Secret</title>")]).await;
    // The configuration that everybody has who has not changed it.
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let port = site.port;
    for host in [
        "127.0.0.1",
        "127.1.2.3",
        "localhost",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "10.0.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00::1]",
    ] {
        alice.preview(BELOW, &format!("http://{host}:{port}/")).await.refused(403, "M_FORBIDDEN");
    }
    // To some resolvers this is no name at all.
    let dotted = alice.preview(BELOW, &format!("http://localhost.:{port}/")).await;
    assert!(dotted.status >= 400, "{}", dotted.body);
    assert_eq!(site.visits(), 0);
}

#[tokio::test]
async fn redirects_and_pictures_lead_nowhere_else() {
    let hidden = Site::start(vec![html("/", "<title>Secret</title>")]).await;
    let target = format!("http://127.0.0.2:{}/", hidden.port);
    let redirect = |target: &str| format!("302 Found\r\nlocation: {target}");
    let page = format!("<title>Open</title><meta property='og:image' content='{target}'>");
    let pages = vec![
        ("/away", redirect(&target), Vec::new()),
        ("/file", redirect("file:///etc/passwd"), Vec::new()),
        ("/round", redirect("/round"), Vec::new()),
        ("/home", redirect("/page"), Vec::new()),
        html("/page", page),
    ];
    let site = Site::start(pages).await;
    let server = Server::start_with(HALF_OPEN).await;
    let alice = server.register("alice").await;
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", site.port);
    alice.preview(BELOW, &url("/away")).await.refused(403, "M_FORBIDDEN");
    alice.preview(BELOW, &url("/round")).await.refused(502, "M_UNKNOWN");
    let file = alice.preview(BELOW, &url("/file")).await;
    assert!(file.status >= 400, "{}", file.body);
    assert_eq!(alice.preview(BELOW, &url("/home")).await.ok(), json!({"og:title": "Open"}));
    assert_eq!(hidden.visits(), 0);
}

#[tokio::test]
async fn operators_may_deny_hosts_or_everything() {
    let site = Site::start(vec![html("/", "<title>Page</title>")]).await;
    let url = format!("http://localhost:{}/", site.port);
    let off = format!("{OPEN}\n[url_previews]\nenabled = false\n");
    for (config, status, errcode) in [
        (off, 404, "M_UNRECOGNIZED"),
        (format!("{OPEN}\n[url_previews]\ndenied_hosts = [\"LocalHost\"]\n"), 403, "M_FORBIDDEN"),
    ] {
        let server = Server::start_with(&config).await;
        server.register("alice").await.preview(BELOW, &url).await.refused(status, errcode);
    }
    assert_eq!(site.visits(), 0);
}

#[tokio::test]
async fn not_everything_is_a_page() {
    let guests = "[registration]\nmode = \"open\"\nguests = true\n";
    let server = Server::start_with(guests).await;
    let alice = server.register("alice").await;
    for bad in [
        "",
        "no url",
        "ftp://example.org/",
        "file:///etc/passwd",
        "data:text/html,x",
        "http://u:p@example.org/",
    ] {
        alice.preview(BELOW, bad).await.refused(400, "M_INVALID_PARAM");
    }
    alice.get(&format!("{BELOW}/preview_url")).await.refused(400, "M_MISSING_PARAM");
    let open = format!("{BELOW}/preview_url?url=x");
    server.anonymous("GET", &open, None).await.refused(401, "M_MISSING_TOKEN");
    let guest = server.register_guest().await;
    guest.preview(BELOW, "http://127.0.0.1/").await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
}
