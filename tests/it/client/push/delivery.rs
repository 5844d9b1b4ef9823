//! What push gateways are told.

mod badges;
mod failures;
mod invites;
mod mails;
mod messages;
mod rules;

use serde_json::{Value, json};

use crate::harness::{GATEWAYS, Gateway, Server, User};

/// Three people in one room, one of whom has a phone.
struct Phone {
    server: Server,
    gateway: Gateway,
    writer: User,
    reader: User,
    room: String,
}

impl Phone {
    async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with another pusher.
    async fn start_with(change: impl FnOnce(&mut Value)) -> Self {
        let server = Server::start_with(GATEWAYS).await;
        let (writer, reader) = (server.register("writer").await, server.register("reader").await);
        let gateway = Gateway::start().await;
        let mut pusher = gateway.pusher("phone");
        change(&mut pusher);
        reader.post("/pushers/set", pusher).await.ok();
        let options = json!({"preset": "public_chat", "name": "Tea", "room_alias_name": "tea"});
        let room = writer.create_room(options).await;
        reader.join(&room).await.ok();
        // Rooms of two have rules of their own.
        server.register("third").await.join(&room).await.ok();
        Self { server, gateway, writer, reader, room }
    }

    /// Sends a message and waits until the phone knows it; what it was told.
    async fn hear(&self, text: &str) -> Value {
        let event = self.writer.say(&self.room, text).await;
        self.gateway.told(&event).await
    }

    async fn restart(self) -> Self {
        let server = self.server.restart().await;
        let (writer, reader) = (self.writer.on(&server), self.reader.on(&server));
        Self { server, writer, reader, ..self }
    }

    async fn crash_and_restart(self) -> Self {
        let server = self.server.crash_and_restart().await;
        let (writer, reader) = (self.writer.on(&server), self.reader.on(&server));
        Self { server, writer, reader, ..self }
    }
}
