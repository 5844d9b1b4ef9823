//! `GET /_matrix/client/unstable/pushers/unsubscribe`

use super::mailing::Reader;
use crate::harness::Letter;

/// The link by which one gets no more mails.
pub(super) fn link_in(letter: &Letter) -> String {
    let found = letter.text.lines().find(|line| line.contains("/pushers/unsubscribe?"));
    found.unwrap_or_else(|| panic!("no link in {}", letter.text)).trim().to_owned()
}

#[tokio::test]
async fn opening_the_link_asks_and_does_nothing() {
    let reader = Reader::start("").await;
    reader.writer.say(&reader.room, "hello").await;
    let link = link_in(&reader.letter(0).await);
    let answer = reader.server.http.get(&link).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    assert!(page.contains("reader@example.org") && page.contains("<form"), "{page}");
    assert_eq!(reader.user.get("/pushers").await.ok()["pushers"].as_array().map(Vec::len), Some(1));
    let guessed = link.replace("secret=", "secret=guessed");
    assert_eq!(reader.server.http.get(&guessed).send().await.unwrap().status(), 400);
    let path = "/_matrix/client/unstable/pushers/unsubscribe";
    reader.server.anonymous("GET", path, None).await.refused(400, "M_MISSING_PARAM");
}
