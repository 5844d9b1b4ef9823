//! `POST /_matrix/client/v3/account/3pid/email/requestToken`

use super::{add_address, wish_for_mail};
use crate::harness::{Mailbox, Server};

const PATH: &str = "/_matrix/client/v3/account/3pid/email/requestToken";

#[tokio::test]
async fn an_address_that_somebody_has_is_taken() {
    let mailbox = Mailbox::start().await;
    let server = Server::start_with(&mailbox.config()).await;
    let alice = server.register("alice").await;
    let ask = || wish_for_mail("alice@example.org", "another secret".replace(' ', "-").as_str(), 1);
    server.anonymous("POST", PATH, Some(ask())).await.ok();
    assert!(mailbox.letter(0).await.text.contains("add this address"));
    add_address(&server, &mailbox, &alice, "alice@example.org").await;
    server.anonymous("POST", PATH, Some(ask())).await.refused(400, "M_THREEPID_IN_USE");
    let silent = Server::start().await;
    silent.anonymous("POST", PATH, Some(ask())).await.refused(403, "M_THREEPID_DENIED");
}
