//! The index follows what happens: over restarts, crashes and losses, and is made anew when it has to be.

use serde_json::json;

use super::{found, search};
use crate::harness::{Server, User, encode, eventually, two_in_a_room};

/// Waits until so many results are found.
async fn finds(user: &User, term: &str, count: u64) {
    eventually("the messages are found", async || {
        let answer = search(user, json!({"search_term": term})).await;
        if answer["count"] == count { Ok(()) } else { Err(answer["count"].to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_restart_loses_nothing_and_doubles_nothing() {
    let (server, alice, _bob, room) = two_in_a_room().await;
    alice.say(&room, "lasting one").await;
    assert_eq!(found(&alice, "lasting").await.len(), 1);
    alice.say(&room, "lasting two").await;
    let server = server.restart().await;
    let alice = alice.on(&server);
    assert_eq!(found(&alice, "lasting").await, ["lasting two", "lasting one"]);
    alice.say(&room, "lasting three").await;
    assert_eq!(found(&alice, "lasting").await.len(), 3);
}

#[tokio::test]
async fn a_crash_loses_nothing_and_doubles_nothing() {
    let (mut server, mut alice, _bob, room) = two_in_a_room().await;
    let mut said = 0;
    for round in 0..5 {
        let mut events = Vec::new();
        for number in 0..7 {
            events.push(alice.say(&room, &format!("durable {round} {number}")).await);
        }
        said += 7;
        // One is edited, one is gone, and only sometimes somebody has looked before the crash.
        alice.relate(&room, "m.replace", &events[0], &format!("durable edit {round}")).await;
        alice.redact(&room, &events[1], &format!("t{round}"), json!({})).await.ok();
        said -= 1;
        if round % 2 == 0 {
            finds(&alice, "durable", said).await;
        }
        server = server.crash_and_restart().await;
        alice = alice.on(&server);
        finds(&alice, "durable", said).await;
    }
    finds(&alice, "\"durable edit\"", 5).await;
}

#[tokio::test]
async fn an_index_that_is_lost_or_damaged_is_made_again() {
    let (mut server, mut alice, _bob, room) = two_in_a_room().await;
    for number in 0..30 {
        alice.say(&room, &format!("again {number}")).await;
    }
    let gone = alice.say(&room, "again gone").await;
    alice.redact(&room, &gone, "t", json!({})).await.ok();
    finds(&alice, "again", 30).await;
    let files = server.path().join("data/search");
    server.terminate().await;
    std::fs::remove_dir_all(&files).unwrap();
    server = server.run_again().await;
    alice = alice.on(&server);
    finds(&alice, "again", 30).await;
    server.terminate().await;
    std::fs::write(files.join("meta.json"), "damaged").unwrap();
    server = server.run_again().await;
    alice = alice.on(&server);
    finds(&alice, "again", 30).await;
    alice.say(&room, "again and on").await;
    finds(&alice, "again", 31).await;
}

#[tokio::test]
async fn an_operator_has_the_index_made_anew() {
    let (mut server, alice, _bob, room) = two_in_a_room().await;
    for number in 0..20 {
        alice.say(&room, &format!("anew {number}")).await;
    }
    finds(&alice, "anew", 20).await;
    let (done, output) = server.command(&["search", "rebuild"]);
    assert!(done, "{output}");
    server.wait_for_log("the index of messages is made anew").await;
    finds(&alice, "anew", 20).await;
    // The same while no server runs.
    server.terminate().await;
    let (done, output) = server.command(&["search", "rebuild"]);
    assert!(done, "{output}");
    let server = server.run_again().await;
    server.wait_for_log("the index of messages is made anew").await;
    let alice = alice.on(&server);
    finds(&alice, "anew", 20).await;
    let people = alice.post("/user_directory/search", json!({"search_term": "bob"})).await.ok();
    assert_eq!(people["results"][0]["user_id"], "@bob:localhost");
}

#[tokio::test]
async fn what_was_said_while_there_was_no_index_is_found_later() {
    let (mut server, alice, _bob, room) = two_in_a_room().await;
    alice.say(&room, "interlude before").await;
    server.terminate().await;
    let config = server.path().join("kith.toml");
    let with = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{with}\n[search]\nenabled = false\n")).unwrap();
    let mut server = server.run_again().await;
    let during = alice.on(&server);
    let event = during.say(&room, "interlude during").await;
    let gone = during.say(&room, "interlude gone").await;
    during.redact(&room, &gone, "t", json!({})).await.ok();
    server.terminate().await;
    std::fs::write(&config, with).unwrap();
    let server = server.run_again().await;
    let alice = alice.on(&server);
    finds(&alice, "interlude", 2).await;
    let path = format!("/rooms/{}/event/{}", encode(&room), encode(&event));
    alice.get(&path).await.ok();
}

#[tokio::test]
async fn figures_tell_how_far_it_is() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    alice.say(&room, "counted").await;
    assert_eq!(found(&alice, "counted").await.len(), 1);
    let text =
        server.http.get(format!("{}/metrics", server.base)).send().await.unwrap().text().await.unwrap();
    for figure in ["kith_search_messages 1", "kith_search_building 0", "kith_search_commits_total"] {
        assert!(text.contains(figure), "no {figure} in {text}");
    }
}
