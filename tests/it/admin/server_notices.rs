//! What administrators tell users in the name of this server.

mod send_server_notice;
mod send_server_notice_once;

use serde_json::{Value, json};

use crate::harness::{Server, User};

const PATH: &str = "/_synapse/admin/v1/send_server_notice";
const CONFIG: &str = "[server_notices]\nlocalpart = \"notices\"\ndisplay_name = \"The operators\"\n\
                      room_name = \"News\"\nroom_topic = \"What is new\"\n";

fn notice(user: &str, text: &str) -> Value {
    json!({"user_id": user, "content": {"msgtype": "m.text", "body": text}})
}

/// A server whose operators tell people things.
async fn start(more: &str) -> (Server, User, User) {
    let server = Server::start_with(&format!("{CONFIG}{more}")).await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    (server, admin, alice)
}

/// The only room that a user is invited to.
async fn invited_to(user: &User) -> String {
    let answer = user.sync(None).await;
    let rooms = answer["rooms"]["invite"].as_object().unwrap_or_else(|| panic!("no invite in {answer}"));
    assert_eq!(rooms.len(), 1, "{answer}");
    rooms.keys().next().unwrap().clone()
}
