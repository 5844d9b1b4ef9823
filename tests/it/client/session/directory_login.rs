//! `POST /_matrix/client/v3/login` with a password that a directory knows.

use serde_json::json;

use super::{
    jwt_login::{SECRET, with_secret},
    login,
};
use crate::harness::{Certificate, Directory, DirectoryEntry, Server, User, encode};

const PEOPLE: &str = "ou=people,dc=example";

fn alice() -> DirectoryEntry {
    DirectoryEntry {
        dn: "uid=alice,ou=people,dc=example",
        password: "in wonderland",
        attributes: vec![
            ("uid", "alice"),
            ("CN", "Alice A."),
            ("mail", "Alice@example.org"),
            ("memberOf", "cn=chat"),
        ],
    }
}

fn bob() -> DirectoryEntry {
    DirectoryEntry {
        dn: "uid=bob,ou=people,dc=example",
        password: "the builder",
        attributes: vec![("uid", "bob"), ("cn", "Bob")],
    }
}

fn searcher() -> DirectoryEntry {
    DirectoryEntry { dn: "cn=kith,dc=example", password: "seek", attributes: Vec::new() }
}

fn binding(directory: &Directory) -> String {
    format!("[ldap]\nservers = [\"{}\"]\nbase = \"{PEOPLE}\"\n", directory.url("ldap"))
}

fn searching(directory: &Directory) -> String {
    format!(
        "{}mode = \"search\"\nbind_dn = \"cn=kith,dc=example\"\nbind_password = \"seek\"\n",
        binding(directory)
    )
}

#[tokio::test]
async fn people_log_in_with_the_password_of_the_directory() {
    let directory = Directory::start(false, vec![alice(), bob(), searcher()]).await;
    for config in [binding(&directory), searching(&directory)] {
        let server = Server::start_with(&config).await;
        let user = User::from_login(&server, &server.log_in("Alice", "in wonderland").await.ok());
        assert_eq!(user.id, "@alice:localhost");
        let profile = user.get(&format!("/profile/{}", encode(&user.id))).await.ok();
        assert_eq!(profile["displayname"], "Alice A.");
        assert_eq!(user.get("/account/3pid").await.ok()["threepids"][0]["address"], "alice@example.org");
        // It is the same account the next time, whatever of their names they type.
        for name in ["alice", "@alice:localhost"] {
            assert_eq!(server.log_in(name, "in wonderland").await.ok()["user_id"], user.id.as_str());
        }
        let identifier =
            json!({"type": "m.id.thirdparty", "medium": "email", "address": "alice@example.org"});
        let body = json!({"type": "m.login.password", "identifier": identifier, "password": "in wonderland"});
        let by_address = server.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await.ok();
        assert_eq!(by_address["user_id"], user.id.as_str());
        assert_eq!(server.log_in("bob", "the builder").await.ok()["user_id"], "@bob:localhost");
        for (name, password) in [
            ("alice", "the builder"),
            ("alice", ""),
            ("carol", "in wonderland"),
            ("@alice:other", "in wonderland"),
        ] {
            server.log_in(name, password).await.refused(403, "M_FORBIDDEN");
        }
        user.is_logged_in().await;
    }
}

#[tokio::test]
async fn a_name_is_nothing_but_a_name() {
    let directory = Directory::start(false, vec![alice(), bob(), searcher()]).await;
    let server = Server::start_with(&binding(&directory)).await;
    server.log_in("alice+uid=bob", "in wonderland").await.refused(403, "M_FORBIDDEN");
    assert_eq!(directory.asked(), [format!("bind uid=alice\\2buid\\3dbob,{PEOPLE}")]);
    let server = Server::start_with(&searching(&directory)).await;
    let before = directory.asked().len();
    for name in ["*", "al*", "alice)(uid=*", "alice\\", "alice\0", " alice", "alice,ou=people"] {
        server.log_in(name, "in wonderland").await.refused(403, "M_FORBIDDEN");
    }
    // No user here can be called so.
    assert_eq!(directory.asked().len(), before);
    server.log_in("alice", "in wonderland").await.ok();
    let asked = directory.asked().split_off(before);
    let search = format!("search {PEOPLE} (uid=alice)");
    assert_eq!(asked, ["bind cn=kith,dc=example", search.as_str(), "bind uid=alice,ou=people,dc=example"]);
}

#[tokio::test]
async fn the_operator_says_who_may_come() {
    let directory = Directory::start(false, vec![alice(), bob(), searcher()]).await;
    for config in [binding(&directory), searching(&directory)] {
        let server = Server::start_with(&format!("{config}filter = \"(memberOf=cn=chat)\"\n")).await;
        server.log_in("alice", "in wonderland").await.ok();
        server.log_in("bob", "the builder").await.refused(403, "M_FORBIDDEN");
    }
    let server = Server::start_with(&format!("{}register = false\n", binding(&directory))).await;
    server.log_in("alice", "in wonderland").await.refused(403, "M_FORBIDDEN");
    // Two who have the same name are nobody.
    let twin = DirectoryEntry { dn: "cn=twin,ou=people,dc=example", ..alice() };
    let directory = Directory::start(false, vec![alice(), twin, searcher()]).await;
    let server = Server::start_with(&searching(&directory)).await;
    server.log_in("alice", "in wonderland").await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn accounts_that_are_there_are_not_given_away() {
    let directory = Directory::start(false, vec![alice(), bob()]).await;
    let server = Server::start_with(&binding(&directory)).await;
    // Whoever has a password here logs in with that.
    let local = server.register("alice").await;
    server.log_in("alice", "in wonderland").await.refused(403, "M_FORBIDDEN");
    assert_eq!(server.log_in("alice", &local.password()).await.ok()["user_id"], local.id.as_str());
    assert!(directory.asked().is_empty(), "{:?}", directory.asked());
    // An account without one is nobody's from the directory unless the operator says so.
    let jwt = format!("[jwt]\nsecret = \"{SECRET}\"\n");
    for (more, may) in [("", false), ("link_by_name = true\n", true)] {
        let server = Server::start_with(&format!("{}{more}{jwt}", binding(&directory))).await;
        let token = with_secret(&json!({"sub": "bob"}), SECRET);
        login(&server, json!({"type": "org.matrix.login.jwt", "token": token})).await.ok();
        let answer = server.log_in("bob", "the builder").await;
        if may {
            assert_eq!(answer.ok()["user_id"], "@bob:localhost");
        } else {
            answer.refused(403, "M_FORBIDDEN");
        }
    }
}

#[tokio::test]
async fn the_same_password_confirms_what_one_does() {
    let directory = Directory::start(false, vec![alice()]).await;
    let server = Server::start_with(&binding(&directory)).await;
    let user = User::from_login(&server, &server.log_in("alice", "in wonderland").await.ok());
    let path = format!("/devices/{}", user.device);
    let flows: &[&[&str]] = &[&["m.login.password"]];
    let session = user.call("DELETE", &path, Some(json!({}))).await.challenged(flows);
    let with = |password: &str| {
        let identifier = json!({"type": "m.id.user", "user": "alice"});
        let auth = json!({"type": "m.login.password", "identifier": identifier, "password": password, "session": session});
        json!({"auth": auth})
    };
    for wrong in ["wrong", ""] {
        user.call("DELETE", &path, Some(with(wrong))).await.unconvinced("M_FORBIDDEN", flows);
    }
    // It is not changed here, and no other is put beside it.
    let capabilities = user.get("/capabilities").await.ok();
    assert_eq!(capabilities["capabilities"]["m.change_password"]["enabled"], false);
    let wish = json!({"new_password": "another one"});
    user.post("/account/password", wish).await.refused(403, "M_FORBIDDEN");
    user.call("DELETE", &path, Some(with("in wonderland"))).await.ok();
    server.refuses_token(&user.token).await;
}

#[tokio::test]
async fn whoever_is_gone_there_or_closed_here_stays_outside() {
    let directory = Directory::start(false, vec![alice(), bob()]).await;
    let server = Server::start_with(&binding(&directory)).await;
    let admin = server.register_admin("admin").await;
    let alice = User::from_login(&server, &server.log_in("alice", "in wonderland").await.ok());
    let lock = format!("/_matrix/client/v1/admin/lock/{}", encode(&alice.id));
    admin.put(&lock, json!({"locked": true})).await.ok();
    server.log_in("alice", "in wonderland").await.refused(401, "M_USER_LOCKED");
    admin.put(&lock, json!({"locked": false})).await.ok();
    let session = alice.post("/account/deactivate", json!({})).await.challenged(&[&["m.login.password"]]);
    let identifier = json!({"type": "m.id.user", "user": "alice"});
    let auth = json!({"type": "m.login.password", "identifier": identifier, "password": "in wonderland", "session": session});
    alice.post("/account/deactivate", json!({"auth": auth})).await.ok();
    server.log_in("alice", "in wonderland").await.refused(403, "M_USER_DEACTIVATED");
    server.log_in("bob", "the builder").await.ok();
    directory.remove("uid=bob,ou=people,dc=example");
    server.log_in("bob", "the builder").await.refused(403, "M_FORBIDDEN");
    drop(directory);
    server.log_in("bob", "the builder").await.refused(502, "M_UNKNOWN");
    // Who has a password here does not depend on it.
    server.log_in("admin", &admin.password()).await.ok();
}

#[tokio::test]
async fn passwords_travel_in_secret() {
    let (open, secret) =
        (Directory::start(false, vec![alice()]).await, Directory::start(true, vec![alice()]).await);
    let authority = tempfile::tempdir().unwrap();
    Certificate::issue(&["127.0.0.1"]).write_into(authority.path());
    let trust = format!(
        "[outgoing]\nextra_ca_certificates = [\"{}\"]\n",
        authority.path().join("authority.pem").display()
    );
    // The first server of the directory is away.
    let away = format!("servers = [\"ldap://127.0.0.1:9\", \"{}\"]\n", secret.url("ldaps"));
    for servers in [away, format!("start_tls = true\nservers = [\"{}\"]\n", open.url("ldap"))] {
        let config = format!("[ldap]\n{servers}base = \"{PEOPLE}\"\n");
        let server = Server::start_with(&format!("{trust}{config}")).await;
        server.log_in("alice", "in wonderland").await.ok();
        // Nothing is said to somebody whose certificate nobody vouches for.
        let asked = (open.asked().len(), secret.asked().len());
        let doubting = Server::start_with(&config).await;
        doubting.log_in("alice", "in wonderland").await.refused(502, "M_UNKNOWN");
        assert_eq!((open.asked().len(), secret.asked().len()), asked);
    }
}
