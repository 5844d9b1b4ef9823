//! Accounts: registering, the password, addresses, the end.

mod add_3pid;
mod add_3pid_before_uia;
mod change_password;
mod check_registration_token_validity;
mod deactivate;
mod delete_3pid;
mod erasure;
mod get_3pids;
mod get_username_availability;
mod guests;
mod races;
mod register;
mod register_appservice;
mod register_terms;
mod request_3pid_management_token_via_email;
mod request_3pid_management_token_via_msisdn;
mod request_password_change_token_via_email;
mod request_password_change_token_via_msisdn;
mod request_registration_token_via_email;
mod request_registration_token_via_msisdn;
mod show_email_link;
mod submit_email_token;
mod whoami;

use serde_json::{Value, json};

use crate::harness::{Answer, Mailbox, Server, User};

async fn register(server: &Server, body: Value) -> Answer {
    server.anonymous("POST", "/_matrix/client/v3/register", Some(body)).await
}

/// What a client says when it asks for a mail that confirms an address.
fn wish_for_mail(address: &str, secret: &str, attempt: u64) -> Value {
    json!({"email": address, "client_secret": secret, "send_attempt": attempt})
}

/// Opens the link of a mail as somebody who means it.
async fn open_link(server: &Server, link: &str) {
    let page = server.http.get(link).send().await.unwrap();
    assert_eq!(page.status(), 200, "{link}");
    let query = link.split_once('?').unwrap().1.to_owned();
    let form = server.http.post(link).header("content-type", "application/x-www-form-urlencoded").body(query);
    let answer = form.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{link}");
    assert!(answer.text().await.unwrap().contains("Your address is confirmed"));
}

/// Gives an address to an account, by mail and password.
pub(super) async fn add_address(server: &Server, mailbox: &Mailbox, user: &User, address: &str) {
    let number = mailbox.count();
    let ask = "/account/3pid/email/requestToken";
    let sid = user.post(ask, wish_for_mail(address, "add-address", 1)).await.ok()["sid"].take();
    open_link(server, &mailbox.letter(number).await.link()).await;
    let body = json!({"sid": sid, "client_secret": "add-address"});
    user.call_with_password("POST", "/account/3pid/add", body).await.ok();
}
