//! Two things at once, one of which should end the other.

use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::harness::{Answer, Server, User, encode, password_proof};

/// The access tokens among the answers to logins.
fn tokens(answers: &[Answer]) -> Vec<&str> {
    answers.iter().filter_map(|answer| answer.body["access_token"].as_str()).collect()
}

#[tokio::test]
async fn nobody_slips_in_while_an_account_is_closed() {
    let server = Server::start().await;
    for round in 0..3 {
        let alice = server.register(&format!("alice{round}")).await;
        let password = alice.password();
        let session = alice.post("/account/deactivate", json!({})).await.challenged(&[&["m.login.password"]]);
        let body = json!({"auth": alice.proof(&session)});
        let logins = join_all((0..24).map(|_| server.log_in(&alice.id, &password)));
        let (answers, closed) = join(logins, alice.post("/account/deactivate", body)).await;
        closed.ok();
        for answer in &answers {
            assert!(answer.status == 200 || answer.body["errcode"] == "M_USER_DEACTIVATED", "{answer:?}");
        }
        for token in tokens(&answers) {
            server.refuses_token(token).await;
        }
        server.log_in(&alice.id, &password).await.refused(403, "M_USER_DEACTIVATED");
    }
}

#[tokio::test]
async fn nobody_slips_in_with_the_old_password_while_a_new_one_is_set() {
    let server = Server::start().await;
    for round in 0..5 {
        let alice = server.register(&format!("alice{round}")).await;
        let (password, path) = (alice.password(), "/account/password");
        let mut body = json!({"new_password": "battery staple"});
        let session = alice.post(path, body.clone()).await.challenged(&[&["m.login.password"]]);
        body["auth"] = password_proof(&alice.id, &password, &session);
        let logins = join_all((0..24).map(|_| server.log_in(&alice.id, &password)));
        let (answers, changed) = join(logins, alice.post(path, body)).await;
        changed.ok();
        for token in tokens(&answers) {
            server.refuses_token(token).await;
        }
        alice.is_logged_in().await;
        let devices = alice.get("/devices").await.ok();
        assert_eq!(devices["devices"].as_array().unwrap().len(), 1, "{devices}");
    }
}

#[tokio::test]
async fn nobody_stays_in_a_room_that_they_joined_while_their_account_was_closed() {
    let server = Server::start().await;
    let bob = server.register("bob").await;
    let mut rooms = Vec::new();
    for _ in 0..40 {
        rooms.push(bob.create_room(json!({"preset": "public_chat"})).await);
    }
    for round in 0..5 {
        let alice = server.register(&format!("alice{round}")).await;
        let session = alice.post("/account/deactivate", json!({})).await.challenged(&[&["m.login.password"]]);
        let body = json!({"auth": alice.proof(&session)});
        // One after the other, so that some are under way whenever the account is closed.
        let joins = join_all(rooms.iter().zip(0..).map(async |(room, number)| {
            tokio::time::sleep(Duration::from_millis(number)).await;
            alice.join(room).await
        }));
        let (answers, closed) = join(joins, alice.post("/account/deactivate", body)).await;
        closed.ok();
        answers.iter().for_each(Answer::is_sound);
        for room in &rooms {
            let joined = bob.get(&format!("/rooms/{}/joined_members", encode(room))).await.ok();
            assert!(joined["joined"][&alice.id].is_null(), "{} is in {room}", alice.id);
        }
    }
}

#[tokio::test]
async fn a_new_pair_does_not_outlive_its_session() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let identifier = json!({"type": "m.id.user", "user": "alice"});
    for _ in 0..5 {
        let login = json!({
            "type": "m.login.password",
            "identifier": identifier,
            "password": alice.password(),
            "device_id": "PHONE",
            "refresh_token": true,
        });
        let answer = server.anonymous("POST", "/_matrix/client/v3/login", Some(login)).await.ok();
        let phone = User::from_login(&server, &answer);
        let renewal = json!({"refresh_token": answer["refresh_token"]});
        let refresh = |body: Value| server.anonymous("POST", "/_matrix/client/v3/refresh", Some(body));
        let renewals = join_all((0..4).map(|_| refresh(renewal.clone())));
        let (answers, logged_out) = join(renewals, phone.post("/logout", json!({}))).await;
        // Whoever renewed first may have ended the token that wanted to log out; then the device is still there.
        if logged_out.status == 200 {
            for answer in &answers {
                for key in ["access_token", "refresh_token"] {
                    let Some(token) = answer.body[key].as_str() else { continue };
                    server.refuses_token(token).await;
                    refresh(json!({"refresh_token": token})).await.refused(401, "M_UNKNOWN_TOKEN");
                }
            }
        }
    }
}
