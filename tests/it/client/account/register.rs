//! `POST /_matrix/client/v3/register`

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::register;
use crate::harness::{Server, User, encode};

const FLOWS: &[&[&str]] = &[&["m.login.dummy"]];

fn wish(name: &str) -> Value {
    json!({"username": name, "password": "correct horse", "auth": {"type": "m.login.dummy"}})
}

#[tokio::test]
async fn an_account_is_made_in_two_steps() {
    let server = Server::start().await;
    let first = json!({
        "username": "alice",
        "password": "correct horse",
        "device_id": "PHONE",
        "initial_device_display_name": "Telephone",
    });
    let session = register(&server, first).await.challenged(FLOWS);
    let auth = json!({"type": "m.login.dummy", "session": session});
    // What was said in the first step need not be said again, except for the password.
    let answer = register(&server, json!({"password": "correct horse", "auth": auth})).await.ok();
    assert_eq!(answer["user_id"], "@alice:localhost");
    assert_eq!(answer["home_server"], "localhost");
    assert_eq!(answer["device_id"], "PHONE");
    let alice = User::from_login(&server, &answer);
    alice.is_logged_in().await;
    assert_eq!(alice.get("/devices/PHONE").await.ok()["display_name"], "Telephone");
    let profile = alice.get(&format!("/profile/{}", encode(&alice.id))).await.ok();
    assert_eq!(profile, json!({"displayname": "alice"}));
    server.log_in("alice", "correct horse").await.ok();
    // The session is used up.
    let again = json!({"username": "bob", "password": "correct horse", "auth": auth});
    let next = register(&server, again).await.unconvinced("M_FORBIDDEN", FLOWS);
    assert_ne!(next, session);
}

#[tokio::test]
async fn one_request_is_enough_and_one_may_not_want_to_log_in() {
    let server = Server::start().await;
    let mut body = wish("alice");
    body["inhibit_login"] = true.into();
    let answer = register(&server, body).await.ok();
    assert_eq!(answer, json!({"user_id": "@alice:localhost", "home_server": "localhost"}));
    let alice = User::from_login(&server, &server.log_in("alice", "correct horse").await.ok());
    assert_eq!(alice.get("/devices").await.ok()["devices"].as_array().unwrap().len(), 1);

    let mut body = wish("bob");
    body["refresh_token"] = true.into();
    let answer = register(&server, body).await.ok();
    assert_eq!(answer["expires_in_ms"], 3_600_000);
    let renewal = json!({"refresh_token": answer["refresh_token"]});
    server.anonymous("POST", "/_matrix/client/v3/refresh", Some(renewal)).await.ok();
    // Clients of long ago.
    let old = server.anonymous("POST", "/_matrix/client/r0/register", Some(wish("carol"))).await.ok();
    assert_eq!(old["user_id"], "@carol:localhost");
}

#[tokio::test]
async fn null_is_as_good_as_nothing() {
    let server = Server::start().await;
    let body = json!({"username": "alice", "password": "correct horse", "auth": {}, "device_id": null});
    register(&server, body).await.challenged(FLOWS);
    let body = json!({
        "username": "alice",
        "password": "correct horse",
        "device_id": null,
        "initial_device_display_name": null,
        "inhibit_login": null,
        "refresh_token": null,
        "auth": {"type": "m.login.dummy", "session": null},
    });
    let alice = User::from_login(&server, &register(&server, body).await.ok());
    alice.is_logged_in().await;
    let body = json!({"auth": null, "erase": null, "id_server": null});
    alice.post("/account/deactivate", body).await.challenged(&[&["m.login.password"]]);
}

#[tokio::test]
async fn a_session_that_is_over_keeps_nobody_from_a_new_one() {
    let server = Server::start().await;
    let alice = User::from_login(&server, &register(&server, wish("alice")).await.ok());
    alice.post("/logout", json!({})).await.ok();
    // Clients send the token that they still have.
    let bob = User::from_login(&server, &alice.post("/register", wish("bob")).await.ok());
    let body = json!({
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": "alice"},
        "password": "correct horse",
    });
    for token in [&alice, &bob] {
        let again = User::from_login(&server, &token.post("/login", body.clone()).await.ok());
        assert_eq!(again.id, alice.id);
        again.is_logged_in().await;
    }
}

#[tokio::test]
async fn names_follow_the_grammar() {
    let server = Server::start().await;
    let too_long = "x".repeat(256 - "@:localhost".len());
    let odd = ["", "ä", "two words", "a:b", "@a", "a\0b", "a@b", "😀", too_long.as_str()];
    for name in odd.into_iter().chain(["12345", "_bridged"]) {
        register(&server, wish(name)).await.refused(400, "M_INVALID_USERNAME");
        // Told before anybody proves anything.
        let first = json!({"username": name, "password": "correct horse"});
        register(&server, first).await.refused(400, "M_INVALID_USERNAME");
    }
    let longest = &too_long[1..];
    for (name, user_id) in [
        ("Alice", "@alice:localhost".to_owned()),
        ("a.b_c=d-e/f+g", "@a.b_c=d-e/f+g:localhost".to_owned()),
        (longest, format!("@{longest}:localhost")),
    ] {
        let answer = register(&server, wish(name)).await.ok();
        assert_eq!(answer["user_id"], user_id);
        User::from_login(&server, &answer).is_logged_in().await;
    }
    // Without a name the server gives one, another each time.
    let mut nameless = wish("");
    nameless.as_object_mut().unwrap().remove("username");
    let first = register(&server, nameless.clone()).await.ok();
    let second = register(&server, nameless).await.ok();
    assert_ne!(first["user_id"], second["user_id"]);
}

#[tokio::test]
async fn a_name_belongs_to_whoever_came_first() {
    let server = Server::start().await;
    let answers = join_all((0..8).map(|_| register(&server, wish("alice")))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.refused(400, "M_USER_IN_USE");
    }
    for name in ["alice", "ALICE"] {
        register(&server, wish(name)).await.refused(400, "M_USER_IN_USE");
    }
    // Somebody else may take it while one goes through the stages.
    let session =
        register(&server, json!({"username": "bob", "password": "correct horse"})).await.challenged(FLOWS);
    register(&server, wish("bob")).await.ok();
    let auth = json!({"type": "m.login.dummy", "session": session});
    let late = json!({"username": "bob", "password": "another one", "auth": auth});
    register(&server, late).await.refused(400, "M_USER_IN_USE");
    server.log_in("bob", "another one").await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn somebody_who_was_expected_finds_the_invite() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "private_chat", "invite": ["@bob:localhost"]})).await;
    alice.get(&format!("/profile/{}", encode("@bob:localhost"))).await.refused(404, "M_NOT_FOUND");
    let bob = server.register("bob").await;
    let synced = bob.sync(None).await;
    assert!(synced["rooms"]["invite"][&room].is_object(), "{synced}");
    bob.join(&room).await.ok();
}

#[tokio::test]
async fn passwords_have_a_length() {
    let server = Server::start().await;
    for password in ["", "short", "1234567"] {
        let mut body = wish("alice");
        body["password"] = password.into();
        register(&server, body).await.refused(400, "M_WEAK_PASSWORD");
    }
    let mut body = wish("alice");
    body.as_object_mut().unwrap().remove("password");
    register(&server, body).await.refused(400, "M_MISSING_PARAM");
    let mut body = wish("alice");
    body["password"] = "x".repeat(100_000).into();
    register(&server, body).await.refused(400, "M_WEAK_PASSWORD");
    let mut body = wish("alice");
    body["password"] = "пароль 🔑 \u{0}".into();
    register(&server, body).await.ok();
    server.log_in("alice", "пароль 🔑 \u{0}").await.ok();
    server.log_in("alice", "пароль 🔑 ").await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn stages_are_checked() {
    let server = Server::start().await;
    let with_auth = |auth: Value| {
        let mut body = wish("alice");
        body["auth"] = auth;
        body
    };
    // A stage that is not offered is not taken, whatever comes with it.
    for auth in [
        json!({"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "a"}, "password": "x"}),
        json!({"type": "m.login.registration_token", "token": "x"}),
        json!({"type": "m.login.terms"}),
        json!({"type": "org.example.magic"}),
    ] {
        register(&server, with_auth(auth)).await.unconvinced("M_UNRECOGNIZED", FLOWS);
    }
    let made_up = json!({"type": "m.login.dummy", "session": "made up"});
    register(&server, with_auth(made_up)).await.unconvinced("M_FORBIDDEN", FLOWS);
    // A session that was begun for something else is no help.
    let bob = User::from_login(&server, &register(&server, wish("bob")).await.ok());
    let other = bob.post("/account/deactivate", json!({})).await.challenged(&[&["m.login.password"]]);
    let auth = json!({"type": "m.login.dummy", "session": other});
    register(&server, with_auth(auth)).await.refused(403, "M_FORBIDDEN");
    server.log_in("alice", "correct horse").await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let server = Server::start().await;
    let path = "/_matrix/client/v3/register";
    server.send_text("POST", path, None, "{\"username\": ").await.refused(400, "M_NOT_JSON");
    for text in
        ["[]", "\"alice\"", "{\"username\": 5}", "{\"auth\": \"yes\"}", "{\"inhibit_login\": \"yes\"}"]
    {
        server.send_text("POST", path, None, text).await.refused(400, "M_BAD_JSON");
    }
    let mut body = wish("alice");
    server
        .anonymous("POST", &format!("{path}?kind=ghost"), Some(body.clone()))
        .await
        .refused(400, "M_INVALID_PARAM");
    body["device_id"] = "x".repeat(300).into();
    register(&server, body).await.refused(400, "M_INVALID_PARAM");
    // Nothing was made by all this.
    server.anonymous("GET", &format!("{path}/available?username=alice"), None).await.ok();
    server.anonymous("GET", path, None).await.refused(405, "M_UNRECOGNIZED");
}

#[tokio::test]
async fn registration_may_be_closed() {
    let server = Server::start_with("[registration]\nmode = \"closed\"\n").await;
    register(&server, json!({})).await.refused(403, "M_FORBIDDEN");
    register(&server, wish("alice")).await.refused(403, "M_FORBIDDEN");
    let guest = server.anonymous("POST", "/_matrix/client/v3/register?kind=guest", Some(json!({}))).await;
    guest.refused(403, "M_FORBIDDEN");
    // The operator makes accounts all the same.
    let (done, output) = server.command(&["user", "create", "alice", "--password", "correct horse"]);
    assert!(done, "{output}");
    server.log_in("alice", "correct horse").await.ok();
}
