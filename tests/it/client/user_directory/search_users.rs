//! `POST /_matrix/client/v3/user_directory/search`

use serde_json::{Value, json};

use crate::harness::{Server, User, encode};

async fn search(user: &User, term: &str) -> Vec<String> {
    let answer = user.post("/user_directory/search", json!({"search_term": term})).await.ok();
    assert_eq!(answer["limited"], false);
    ids(&answer)
}

fn ids(answer: &Value) -> Vec<String> {
    let results = answer["results"].as_array().unwrap_or_else(|| panic!("no results in {answer}"));
    results.iter().map(|found| found["user_id"].as_str().unwrap().to_owned()).collect()
}

async fn rename(user: &User, name: &str) {
    let path = format!("/profile/{}/displayname", encode(&user.id));
    user.put(&path, json!({"displayname": name})).await.ok();
}

#[tokio::test]
async fn people_of_shared_and_public_rooms_are_found() {
    let server = Server::start().await;
    let [alice, bob, carol, dave] = [
        server.register("alice").await,
        server.register("bob").await,
        server.register("carol").await,
        server.register("dave").await,
    ];
    let private = alice.create_room(json!({"preset": "private_chat", "invite": [bob.id]})).await;
    bob.join(&private).await.ok();
    carol.create_room(json!({"preset": "public_chat"})).await;
    dave.create_room(json!({"preset": "private_chat"})).await;
    assert_eq!(search(&alice, "bob").await, [bob.id.as_str()]);
    assert_eq!(search(&alice, "carol").await, [carol.id.as_str()]);
    // A stranger who is in no public room is nobody's business.
    assert_eq!(search(&alice, "dave").await, [""; 0]);
    assert_eq!(search(&dave, "bob").await, [""; 0]);
    assert_eq!(search(&alice, &bob.id).await, [bob.id.as_str()]);
    // Rooms that were left are not shared any more.
    bob.post(&format!("/rooms/{}/leave", encode(&private)), json!({})).await.ok();
    assert_eq!(search(&alice, "bob").await, [""; 0]);
}

#[tokio::test]
async fn names_are_found_by_their_words_in_any_case() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    bob.create_room(json!({"preset": "public_chat"})).await;
    assert_eq!(search(&alice, "robert").await, [""; 0]);
    rename(&bob, "Robert Übelacker 東京").await;
    let avatar = json!({"avatar_url": "mxc://localhost/robert"});
    bob.put(&format!("/profile/{}/avatar_url", encode(&bob.id)), avatar).await.ok();
    for term in ["robert", "ROB", "übel", "ÜBELACKER", "東京", "京", "  robert  übel ", "Übelacker Robert"]
    {
        assert_eq!(search(&alice, term).await, [bob.id.as_str()], "{term}");
    }
    let answer = alice.post("/user_directory/search", json!({"search_term": "rob"})).await.ok();
    let expected = json!({"user_id": bob.id, "display_name": "Robert Übelacker 東京", "avatar_url": "mxc://localhost/robert"});
    assert_eq!(answer["results"][0], expected);
    rename(&bob, "Bob again").await;
    assert_eq!(search(&alice, "robert").await, [""; 0]);
    assert_eq!(search(&alice, "again").await, [bob.id.as_str()]);
}

#[tokio::test]
async fn the_best_matches_come_first_and_the_rest_is_cut() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    for name in ["xteax", "teapot", "tea", "teacup", "teatime"] {
        server.register(name).await.join(&room).await.ok();
    }
    let ask = async |limit: Value| {
        alice.post("/user_directory/search", json!({"search_term": "tea", "limit": limit})).await
    };
    let all = ask(json!(10)).await.ok();
    // Words are found by their beginnings.
    let expected = ["tea", "teacup", "teapot", "teatime"].map(|name| format!("@{name}:localhost"));
    assert_eq!(ids(&all), expected);
    assert_eq!(all["limited"], false);
    let some = ask(json!(3)).await.ok();
    assert_eq!(ids(&some), expected[..3]);
    assert_eq!(some["limited"], true);
    let exactly = ask(json!(4)).await.ok();
    assert_eq!((ids(&exactly).len(), &exactly["limited"]), (4, &json!(false)));
    assert_eq!(ids(&ask(json!(0)).await.ok()), [""; 0]);
    ask(json!(1_000_000)).await.ok();
    ask(json!(-1)).await.refused(400, "M_BAD_JSON");
}

#[tokio::test]
async fn newcomers_are_found_and_the_departed_are_not() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    assert_eq!(search(&alice, "newcomer").await, [""; 0]);
    let newcomer = server.register("newcomer").await;
    newcomer.join(&room).await.ok();
    assert_eq!(search(&alice, "newcomer").await, [newcomer.id.as_str()]);
    let (done, output) = server.command(&["user", "deactivate", "newcomer"]);
    assert!(done, "{output}");
    assert_eq!(search(&alice, "newcomer").await, [""; 0]);
    let server = server.restart().await;
    assert_eq!(search(&alice.on(&server), "alice").await, [alice.id.as_str()]);
}

#[tokio::test]
async fn those_with_name_and_picture_come_first() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    for name in ["sam1", "sam2", "sam3"] {
        server.register(name).await.join(&room).await.ok();
    }
    let third = server.register("sam4").await;
    third.join(&room).await.ok();
    let avatar = json!({"avatar_url": "mxc://localhost/sam"});
    third.put(&format!("/profile/{}/avatar_url", encode(&third.id)), avatar).await.ok();
    assert_eq!(search(&alice, "sam").await[0], third.id);
    // What is meant exactly comes before that.
    assert_eq!(search(&alice, "sam2").await[0], "@sam2:localhost");
    assert_eq!(search(&alice, "@sam1:localhost").await, ["@sam1:localhost"]);
    assert_eq!(search(&alice, "sam3 localhost").await, ["@sam3:localhost"]);
}

#[tokio::test]
async fn locked_and_suspended_users_are_not_listed() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let (done, output) = server.command(&["user", "set-admin", "alice"]);
    assert!(done, "{output}");
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&room).await.ok();
    assert_eq!(search(&alice, "bob").await, [bob.id.as_str()]);
    for what in ["lock", "suspend"] {
        let path = format!("/_matrix/client/v1/admin/{what}/{}", encode(&bob.id));
        let word = if what == "lock" { "locked" } else { "suspended" };
        alice.put(&path, json!({word: true})).await.ok();
        assert_eq!(search(&alice, "bob").await, [""; 0], "{what}");
        alice.put(&path, json!({word: false})).await.ok();
        assert_eq!(search(&alice, "bob").await, [bob.id.as_str()], "{what}");
    }
}

#[tokio::test]
async fn an_organisation_lists_everybody() {
    let server = Server::start_with("[search]\nall_users = true\n").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    assert_eq!(search(&alice, "bo").await, [bob.id.as_str()]);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for body in [json!({}), json!({"search_term": 1}), json!({"search_term": "x", "limit": "all"}), json!([])]
    {
        alice.post("/user_directory/search", body).await.refused(400, "M_BAD_JSON");
    }
    assert_eq!(search(&alice, "").await, [""; 0]);
    assert_eq!(search(&alice, &"long ".repeat(10_000)).await, [""; 0]);
    let path = "/_matrix/client/v3/user_directory/search";
    let body = Some(json!({"search_term": "alice"}));
    server.anonymous("POST", path, body).await.refused(401, "M_MISSING_TOKEN");
}
