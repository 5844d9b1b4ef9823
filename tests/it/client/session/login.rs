//! `POST /_matrix/client/v3/login`

use serde_json::json;

use super::{login, pair, with_password};
use crate::harness::{Server, User, encode};

#[tokio::test]
async fn names_are_understood_in_every_spelling() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for name in ["alice", "@alice:localhost", "ALICE", "@Alice:localhost"] {
        let answer = login(&server, with_password(name, "alice-password")).await.ok();
        assert_eq!(answer["user_id"], *alice.id, "{name}");
        User::from_login(&server, &answer).is_logged_in().await;
        assert_eq!(answer["home_server"], "localhost");
        assert!(answer.get("refresh_token").is_none() && answer.get("expires_in_ms").is_none(), "{answer}");
    }
    // What clients sent before there were identifiers.
    let old = json!({"type": "m.login.password", "user": "alice", "password": "alice-password"});
    assert_eq!(login(&server, old.clone()).await.ok()["user_id"], *alice.id);
    let answer = server.anonymous("POST", "/_matrix/client/r0/login", Some(old)).await.ok();
    assert_eq!(answer["user_id"], *alice.id);
    // The password has one spelling.
    login(&server, with_password("alice", "Alice-password")).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn whoever_cannot_prove_it_stays_outside() {
    let server = Server::start().await;
    server.register("alice").await;
    let wrong = login(&server, with_password("alice", "wrong")).await.refused(403, "M_FORBIDDEN");
    // Which of both was wrong is nobody's business.
    let nobody = login(&server, with_password("nobody", "wrong")).await.refused(403, "M_FORBIDDEN");
    assert_eq!(wrong, nobody);
    for name in ["@alice:elsewhere.example", "", "@alice", "alice:localhost", "al ice", "\0"] {
        login(&server, with_password(name, "alice-password")).await.refused(403, "M_FORBIDDEN");
    }
    for identifier in [
        json!({"type": "m.id.thirdparty", "medium": "email", "address": "alice@example.org"}),
        json!({"type": "m.id.phone", "country": "GB", "phone": "123456789"}),
    ] {
        let body =
            json!({"type": "m.login.password", "identifier": identifier, "password": "alice-password"});
        login(&server, body).await.refused(403, "M_FORBIDDEN");
    }
    login(&server, with_password("alice", "")).await.refused(403, "M_FORBIDDEN");
    login(&server, with_password("alice", &"x".repeat(100_000))).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let server = Server::start().await;
    server.register("alice").await;
    let path = "/_matrix/client/v3/login";
    server.send_text("POST", path, None, "not json").await.refused(400, "M_NOT_JSON");
    for text in ["[]", "{}", "{\"type\": 7}", "{\"type\": \"m.login.password\", \"password\": 7}"] {
        server.send_text("POST", path, None, text).await.refused(400, "M_BAD_JSON");
    }
    let identifier = json!({"type": "m.id.user", "user": "alice"});
    for (body, errcode) in [
        (json!({"type": "m.login.magic"}), "M_UNKNOWN"),
        (json!({"type": "m.login.password", "identifier": identifier}), "M_MISSING_PARAM"),
        (json!({"type": "m.login.password", "password": "x"}), "M_MISSING_PARAM"),
        (json!({"type": "m.login.token"}), "M_MISSING_PARAM"),
    ] {
        login(&server, body).await.refused(400, errcode);
    }
    for device in [json!(""), json!("x".repeat(256))] {
        let mut body = with_password("alice", "alice-password");
        body["device_id"] = device;
        login(&server, body).await.refused(400, "M_INVALID_PARAM");
    }
}

#[tokio::test]
async fn null_is_as_good_as_nothing() {
    let server = Server::start().await;
    server.register("alice").await;
    let mut body = with_password("alice", "alice-password");
    for key in
        ["device_id", "initial_device_display_name", "refresh_token", "token", "user", "medium", "address"]
    {
        body[key] = json!(null);
    }
    User::from_login(&server, &login(&server, body).await.ok()).is_logged_in().await;
}

#[tokio::test]
async fn a_device_that_logs_in_again_stays_the_same() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let mut body = with_password("alice", "alice-password");
    body["device_id"] = "PHONE".into();
    body["initial_device_display_name"] = "Telephone".into();
    let first = User::from_login(&server, &login(&server, body.clone()).await.ok());
    assert_eq!(first.device, "PHONE");
    body["initial_device_display_name"] = "Another name".into();
    let second = User::from_login(&server, &login(&server, body.clone()).await.ok());
    // The device has one session; the tokens of the one before are dead.
    server.refuses_token(&first.token).await;
    second.is_logged_in().await;
    alice.is_logged_in().await;
    assert_eq!(second.get("/devices/PHONE").await.ok()["display_name"], "Telephone");
    let devices = alice.get("/devices").await.ok();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 2, "{devices}");
    // A name that is too long does not keep anybody out.
    body["device_id"] = "TABLET".into();
    body["initial_device_display_name"] = "long ".repeat(1000).into();
    login(&server, body).await.ok();
    // Without a wish the server chooses, another one each time.
    let [a, b] = [with_password("alice", "alice-password"), with_password("alice", "alice-password")];
    let (a, b) = (login(&server, a).await.ok(), login(&server, b).await.ok());
    assert!(!a["device_id"].as_str().unwrap().is_empty());
    assert_ne!(a["device_id"], b["device_id"]);
}

#[tokio::test]
async fn clients_that_renew_tokens_get_a_pair() {
    let server = Server::start().await;
    server.register("alice").await;
    let mut body = with_password("alice", "alice-password");
    body["refresh_token"] = true.into();
    let answer = login(&server, body).await.ok();
    let (access, renewal) = pair(&answer);
    assert_eq!(answer["expires_in_ms"], 3_600_000);
    assert_ne!(access, renewal);
    // Each token is good for one thing.
    server.refuses_token(&renewal).await;
    super::refresh(&server, &access).await.refused(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test]
async fn sessions_outlive_the_server() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let mut body = with_password("alice", "alice-password");
    body["refresh_token"] = true.into();
    let (access, renewal) = pair(&login(&server, body).await.ok());
    let gone = alice.log_in_again(&server, "GONE").await;
    gone.post("/logout", json!({})).await.ok();
    let server = server.crash_and_restart().await;
    alice.on(&server).is_logged_in().await;
    server.refuses_token(&gone.token).await;
    server.with_token(&access, "GET", "/_matrix/client/v3/account/whoami", None).await.ok();
    super::refresh(&server, &renewal).await.ok();
    server.log_in("alice", "alice-password").await.ok();
}

#[tokio::test]
async fn hashes_are_made_anew_when_the_operator_wants_others() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let config = server.path().join("kith.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("iterations = 1", "iterations = 2")).unwrap();
    let server = server.restart().await;
    // Several devices at once, each of which would write the new hash.
    let logins = (0..4).map(|_| login(&server, with_password("alice", "alice-password")));
    for answer in futures_util::future::join_all(logins).await {
        User::from_login(&server, &answer.ok()).is_logged_in().await;
    }
    login(&server, with_password("alice", "wrong")).await.refused(403, "M_FORBIDDEN");
    let server = server.restart().await;
    login(&server, with_password("alice", "alice-password")).await.ok();
    alice.on(&server).is_logged_in().await;
}

#[tokio::test]
async fn nothing_secret_reaches_the_disk_or_the_log() {
    let mut server = Server::start_with("[logging]\nlevel = \"trace\"\n").await;
    let alice = server.register("alice").await;
    let mut body = with_password("alice", "alice-password");
    body["refresh_token"] = true.into();
    let (access, renewal) = pair(&login(&server, body).await.ok());
    login(&server, with_password("alice", "a-wrong-password")).await.refused(403, "M_FORBIDDEN");
    let text = |answer: &serde_json::Value, key: &str| answer[key].as_str().unwrap().to_owned();
    let path = "/_matrix/client/v1/login/get_token";
    let login_token = text(&alice.call_with_password("POST", path, json!({})).await.ok(), "login_token");
    let path = format!("/user/{}/openid/request_token", encode(&alice.id));
    let openid_token = text(&alice.post(&path, json!({})).await.ok(), "access_token");
    let session = alice.post("/account/deactivate", json!({})).await.challenged(&[&["m.login.password"]]);
    // Tokens in the query are the ones that end up in logs.
    for (path, token) in [
        ("/_matrix/client/v3/account/whoami", &alice.token),
        ("/_matrix/federation/v1/openid/userinfo", &openid_token),
    ] {
        server.anonymous("GET", &format!("{path}?access_token={token}"), None).await.ok();
    }
    let passwords = [alice.password(), "a-wrong-password".to_owned()];
    let secrets = [alice.token.clone(), access, renewal, login_token, openid_token, session];
    let secrets = secrets.into_iter().chain(passwords);
    server.terminate().await;
    let log = server.log();
    let mut waiting = vec![server.path().join("data")];
    let mut bytes = log.into_bytes();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    for secret in secrets {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "a token or a password is written down in clear");
    }
}
