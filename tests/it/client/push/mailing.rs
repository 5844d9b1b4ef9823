//! Somebody who is told of messages by mail.

use serde_json::{Value, json};

use super::super::account::add_address;
use crate::harness::{Letter, Mailbox, Server, User};

/// Three people in one room, one of whom gets mails.
pub(super) struct Reader {
    pub(super) mailbox: Mailbox,
    pub(super) server: Server,
    pub(super) writer: User,
    pub(super) user: User,
    pub(super) room: String,
    /// How many mails had come before there was anything to tell.
    pub(super) before: usize,
}

/// The pusher that clients set for mails.
pub(super) fn mail_pusher(address: &str) -> Value {
    json!({
        "kind": "email", "app_id": "m.email", "pushkey": address, "app_display_name": "Email",
        "device_display_name": address, "lang": "en", "data": {"brand": "Example"}, "append": true,
    })
}

impl Reader {
    /// Mails come soon here; `push` is more of `[push]`.
    pub(super) async fn start(push: &str) -> Self {
        let mailbox = Mailbox::start().await;
        let pause = if push.contains("mail_pause_seconds") { "" } else { "mail_pause_seconds = 1\n" };
        let more = format!("{}\n[push]\nmail_delay_seconds = 3\n{pause}{push}", mailbox.config());
        let server = Server::start_with(&more).await;
        let (writer, user) = (server.register("writer").await, server.register("reader").await);
        add_address(&server, &mailbox, &user, "reader@example.org").await;
        user.post("/pushers/set", mail_pusher("reader@example.org")).await.ok();
        let before = mailbox.count();
        let room = writer.create_room(json!({"preset": "public_chat", "name": "Tea"})).await;
        user.join(&room).await.ok();
        server.register("third").await.join(&room).await.ok();
        Self { mailbox, server, writer, user, room, before }
    }

    /// The mail about messages with this number, counted from 0.
    pub(super) async fn letter(&self, number: usize) -> Letter {
        self.mailbox.letter(self.before + number).await
    }

    pub(super) async fn restart(self) -> Self {
        let server = self.server.restart().await;
        let (writer, user) = (self.writer.on(&server), self.user.on(&server));
        Self { server, writer, user, ..self }
    }
}
