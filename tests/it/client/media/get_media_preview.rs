//! `GET /_matrix/media/v3/preview_url`

use crate::harness::{Server, Site};

const BELOW: &str = "/_matrix/media/v3";

#[tokio::test]
async fn pages_are_previewed_on_the_older_path() {
    let page = "<title>A page</title>".into();
    let site = Site::start(vec![("/", "200 OK\r\ncontent-type: text/html".to_owned(), page)]).await;
    let server = Server::start_with("[outgoing]\ndenied_addresses = []\n").await;
    let alice = server.register("alice").await;
    let preview = alice.preview(BELOW, &format!("http://127.0.0.1:{}/", site.port)).await.ok();
    assert_eq!(preview["og:title"], "A page");
    alice.preview(BELOW, "no url").await.refused(400, "M_INVALID_PARAM");
    alice.get(&format!("{BELOW}/preview_url")).await.refused(400, "M_MISSING_PARAM");
    let open = format!("{BELOW}/preview_url?url=x");
    server.anonymous("GET", &open, None).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn this_machine_is_not_visited() {
    let site = Site::start(Vec::new()).await;
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let url = format!("http://127.0.0.1:{}/", site.port);
    alice.preview(BELOW, &url).await.refused(403, "M_FORBIDDEN");
    assert_eq!(site.visits(), 0);
}
