//! `kith user …`, with the server running and without.

use serde_json::{Value, json};

use crate::harness::{Answer, Program, Server, User};

async fn log_in(server: &Server, name: &str, password: &str) -> Answer {
    let body = json!({
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": name},
        "password": password,
    });
    server.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await
}

#[track_caller]
fn done(server: &Server, arguments: &[&str]) -> String {
    let (success, output) = server.command(arguments);
    assert!(success, "{arguments:?}: {output}");
    output
}

#[track_caller]
fn failed(server: &Server, arguments: &[&str], named: &str) {
    let (success, output) = server.command(arguments);
    assert!(!success && output.contains(named) && !output.contains("panicked"), "{arguments:?}: {output}");
}

async fn is_admin(user: &User) -> Answer {
    user.get(&format!("/_synapse/admin/v1/users/{}/admin", user.id)).await
}

#[tokio::test]
async fn accounts_are_made_while_the_server_runs() {
    let server = Server::start().await;
    let output = done(&server, &["user", "create", "carol", "--password", "carol-password"]);
    assert!(output.contains("@carol:localhost"), "{output}");
    let answer = log_in(&server, "carol", "carol-password").await.ok();
    assert_eq!(answer["user_id"], "@carol:localhost");
    done(&server, &["user", "create", "@dave:localhost", "--admin", "--password", "dave-password"]);
    let dave = User::from_login(&server, &log_in(&server, "dave", "dave-password").await.ok());
    assert_eq!(is_admin(&dave).await.ok()["admin"], true);
}

#[tokio::test]
async fn accounts_are_made_before_the_first_start_and_between_two() {
    let mut server = Server::start().await;
    server.terminate().await;
    done(&server, &["user", "create", "early", "--password", "early-password"]);
    let server = server.run_again().await;
    log_in(&server, "early", "early-password").await.ok();

    let directory = tempfile::tempdir().unwrap();
    let arguments = ["user", "create", "first", "--admin", "--password", "first-password"];
    Program::new(directory.path()).arguments(&arguments).run().ok();
    assert!(directory.path().join("kith-data").is_dir());
}

#[tokio::test]
async fn passwords_can_come_from_standard_input() {
    let server = Server::start().await;
    let create =
        || Program::new(server.path()).arguments(&["--config", "kith.toml", "user", "create", "carol"]);
    create().input("").run().failed(&["password"]);
    create().input("from the input\nnot this\n").run().ok();
    log_in(&server, "carol", "from the input").await.ok();
}

#[tokio::test]
async fn accounts_that_cannot_be_are_refused() {
    let server = Server::start().await;
    server.register("alice").await;
    let create = |name: &'static str| ["user", "create", name, "--password", "a good password"];
    failed(&server, &create("alice"), "taken");
    failed(&server, &create("@alice:elsewhere.example"), "elsewhere.example");
    failed(&server, &create("white space"), "white space");
    failed(&server, &["user", "create", "short", "--password", "abc"], "8");
    log_in(&server, "short", "abc").await.refused(403, "M_FORBIDDEN");
    failed(&server, &["user", "set-password", "nobody", "--password", "a good password"], "nobody");
    failed(&server, &["user", "deactivate", "nobody"], "nobody");
    failed(&server, &["user", "set-admin", "nobody"], "nobody");
}

#[tokio::test]
async fn a_new_password_logs_devices_out() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    done(&server, &["user", "set-password", "alice", "--keep-devices", "--password", "second password"]);
    alice.get("/account/whoami").await.ok();
    log_in(&server, "alice", "alice-password").await.refused(403, "M_FORBIDDEN");
    log_in(&server, "alice", "second password").await.ok();
    done(&server, &["user", "set-password", "@alice:localhost", "--password", "third password"]);
    alice.get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
    log_in(&server, "alice", "second password").await.refused(403, "M_FORBIDDEN");
    log_in(&server, "alice", "third password").await.ok();
}

#[tokio::test]
async fn a_deactivated_account_is_gone_for_good() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&room).await.ok();
    let since = alice.now().await;
    done(&server, &["user", "deactivate", "bob"]);
    bob.get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
    let login = log_in(&server, "bob", "bob-password").await;
    assert_eq!(login.status, 403, "{}", login.body);
    failed(&server, &["user", "create", "bob", "--password", "a good password"], "taken");
    let register = json!({"username": "bob", "password": "bob-password", "auth": {"type": "m.login.dummy"}});
    server
        .anonymous("POST", "/_matrix/client/v3/register", Some(register))
        .await
        .refused(400, "M_USER_IN_USE");
    // They leave their rooms.
    let left = |answer: &Value| {
        let events = answer["rooms"]["join"][&room]["timeline"]["events"].as_array()?;
        let of_bob = |event: &&Value| event["type"] == "m.room.member" && event["state_key"] == *bob.id;
        events.iter().find(of_bob).map(|event| event["content"]["membership"].clone())
    };
    let (membership, _) = alice.sync_until(Some(&since), left).await;
    assert_eq!(membership, "leave");
}

#[tokio::test]
async fn administrators_are_made_and_unmade() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    is_admin(&alice).await.refused(403, "M_FORBIDDEN");
    done(&server, &["user", "set-admin", "alice"]);
    assert_eq!(is_admin(&alice).await.ok()["admin"], true);
    done(&server, &["user", "set-admin", "alice", "--revoke"]);
    is_admin(&alice).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn commands_do_not_make_up_data() {
    let directory = tempfile::tempdir().unwrap();
    for command in [&["user", "set-admin", "alice"][..], &["user", "deactivate", "alice"], &["check"]] {
        Program::new(directory.path()).arguments(command).run().failed(&["kith-data"]);
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
