//! Mails about what is unread.

use serde_json::json;

use super::super::mailing::{Reader, mail_pusher};
use crate::harness::{Server, encode};

#[tokio::test]
async fn what_stays_unread_is_mailed() {
    let reader = Reader::start("").await;
    reader.writer.say(&reader.room, "The tea is ready").await;
    reader.writer.say(&reader.room, "And the cake").await;
    let letter = reader.letter(0).await;
    assert_eq!(letter.to, ["reader@example.org"]);
    assert_eq!(letter.header("Subject"), Some("Messages in Tea on Testchat"));
    assert!(letter.text.contains("writer: The tea is ready\n"), "{}", letter.text);
    assert!(letter.text.contains("writer: And the cake\n"), "{}", letter.text);
    assert!(letter.text.contains(&reader.user.id), "{}", letter.text);
    // Each event once.
    let other = reader.writer.create_room(json!({"preset": "public_chat", "name": "Cake"})).await;
    reader.user.join(&other).await.ok();
    reader.writer.say(&other, "Here too").await;
    let letter = reader.letter(1).await;
    assert!(letter.text.contains("Here too") && !letter.text.contains("The tea is ready"), "{}", letter.text);
}

#[tokio::test]
async fn what_was_read_is_not_mailed() {
    let reader = Reader::start("").await;
    let event = reader.writer.say(&reader.room, "quickly").await;
    let path = format!("/rooms/{}/receipt/m.read/{}", encode(&reader.room), encode(&event));
    reader.user.post(&path, json!({})).await.ok();
    let options = json!({"preset": "private_chat", "name": "Secrets", "invite": [reader.user.id]});
    reader.writer.create_room(options).await;
    let letter = reader.letter(0).await;
    assert_eq!(letter.header("Subject"), Some("writer invites you on Testchat"));
    assert!(!letter.text.contains("quickly"), "{}", letter.text);
}

#[tokio::test]
async fn rooms_are_silent_for_a_while_after_a_mail() {
    let reader = Reader::start("mail_pause_seconds = 3_600\n").await;
    reader.writer.say(&reader.room, "one").await;
    reader.letter(0).await;
    reader.writer.say(&reader.room, "two").await;
    // A room that is not silent brings the others along.
    let other = reader.writer.create_room(json!({"preset": "public_chat", "name": "Cake"})).await;
    reader.user.join(&other).await.ok();
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(reader.mailbox.count(), reader.before + 1);
    reader.writer.say(&other, "three").await;
    let letter = reader.letter(1).await;
    assert!(letter.text.contains("two") && letter.text.contains("three"), "{}", letter.text);
}

#[tokio::test]
async fn a_planned_mail_outlives_a_restart() {
    let reader = Reader::start("").await;
    reader.writer.say(&reader.room, "still there").await;
    let reader = reader.restart().await;
    assert!(reader.letter(0).await.text.contains("still there"));
}

#[tokio::test]
async fn what_is_encrypted_stays_unsaid() {
    let reader = Reader::start("").await;
    let content = json!({"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "c", "session_id": "s"});
    reader.writer.send_event(&reader.room, "m.room.encrypted", content).await.ok();
    assert!(reader.letter(0).await.text.contains("writer: an encrypted message"));
}

#[tokio::test]
async fn mails_go_to_ones_own_addresses_only() {
    let reader = Reader::start("").await;
    let foreign = reader.writer.post("/pushers/set", mail_pusher("reader@example.org")).await;
    foreign.refused(400, "M_THREEPID_NOT_FOUND");
    let mut other_app = mail_pusher("reader@example.org");
    other_app["app_id"] = "org.example.app".into();
    reader.user.post("/pushers/set", other_app).await.refused(400, "M_INVALID_PARAM");
    // Mails are for those who are not logged in; they stay with the address.
    let phone = reader.user.log_in_again(&reader.server, "PHONE").await;
    reader.user.post("/logout", json!({})).await.ok();
    let pushers = phone.get("/pushers").await.ok();
    assert_eq!(pushers["pushers"][0]["kind"], "email", "{pushers}");
    assert!(pushers["pushers"][0]["org.matrix.msc3881.device_id"].is_null(), "{pushers}");
    let gone = json!({"medium": "email", "address": "reader@example.org"});
    phone.post("/account/3pid/delete", gone).await.ok();
    assert_eq!(phone.get("/pushers").await.ok(), json!({"pushers": []}));
}

#[tokio::test]
async fn a_server_without_mails_has_no_such_pushers() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    alice.post("/pushers/set", mail_pusher("alice@example.org")).await.refused(400, "M_INVALID_PARAM");
}
