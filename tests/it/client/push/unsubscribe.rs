//! `POST /_matrix/client/unstable/pushers/unsubscribe`

use serde_json::json;

use super::{mailing::Reader, show_unsubscribe::link_in};

#[tokio::test]
async fn the_pusher_goes() {
    let reader = Reader::start("").await;
    reader.writer.say(&reader.room, "hello").await;
    let link = link_in(&reader.letter(0).await);
    let answer = reader.server.http.post(&link).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("no more mails"));
    assert_eq!(reader.user.get("/pushers").await.ok(), json!({"pushers": []}));
    let again = reader.server.http.post(&link).send().await.unwrap();
    assert_eq!(again.status(), 400);
}

#[tokio::test]
async fn who_has_no_such_mail_cannot_do_it() {
    let reader = Reader::start("").await;
    reader.writer.say(&reader.room, "hello").await;
    let link = link_in(&reader.letter(0).await);
    let (before, _secret) = link.split_once("secret=").unwrap();
    let guessed = reader.server.http.post(format!("{before}secret=guessed")).send().await.unwrap();
    assert_eq!(guessed.status(), 400);
    let path = "/_matrix/client/unstable/pushers/unsubscribe";
    reader.server.anonymous("POST", path, Some(json!({}))).await.refused(400, "M_MISSING_PARAM");
    assert_eq!(reader.user.get("/pushers").await.ok()["pushers"].as_array().map(Vec::len), Some(1));
}
