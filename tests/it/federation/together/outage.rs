//! A server that was away is told what it missed, whether it was ended or it crashed.

use serde_json::json;

use super::{Pair, VERSIONS};
use crate::harness::{User, agree, eventually};

async fn misses_nothing(user: &User, room: &str, said: &[String]) {
    eventually(&format!("{} has all of {}", user.id, said.len()), async || {
        let found = user.texts(room).await;
        let missing: Vec<_> = said.iter().filter(|text| !found.contains(text)).collect();
        if missing.is_empty() && found.len() == said.len() { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
}

#[tokio::test]
async fn what_was_said_while_a_server_was_away_reaches_it() {
    let pair = Pair::start().await;
    let mut rooms = Vec::new();
    for version in VERSIONS {
        rooms.push(pair.room(version).await);
    }
    let Pair { servers: [_first, mut second], alice, bob } = pair;
    second.terminate().await;
    let said: Vec<String> = (0..5).map(|number| format!("while you were away {number}")).collect();
    for room in &rooms {
        for text in &said {
            alice.say(room, text).await;
        }
        alice.set_state(room, "m.room.topic", "", json!({"topic": "changed"})).await.ok();
    }
    let second = second.run_again().await;
    let bob = bob.on(&second);
    for room in &rooms {
        misses_nothing(&bob, room, &said).await;
        agree(&[&alice, &bob], room).await;
    }
}

#[tokio::test]
async fn a_server_that_crashed_goes_on_telling_what_it_has_promised() {
    let pair = Pair::start().await;
    let room = pair.room("12").await;
    let Pair { servers: [mut first, mut second], alice, bob } = pair;
    second.terminate().await;
    let said: Vec<String> = (0..20).map(|number| format!("promised {number}")).collect();
    for text in &said {
        alice.say(&room, text).await;
    }
    first.crash();
    let (first, second) = tokio::join!(first.run_again(), second.run_again());
    let (alice, bob) = (alice.on(&first), bob.on(&second));
    misses_nothing(&bob, &room, &said).await;
    agree(&[&alice, &bob], &room).await;
}

#[tokio::test]
async fn a_server_catches_up_with_a_room_it_hears_the_newest_of() {
    // The second server is away for longer than the first one keeps trying: what it hears first is a new message.
    let pair = Pair::start().await;
    let room = pair.room("11").await;
    let Pair { servers: [_first, mut second], alice, bob } = pair;
    second.terminate().await;
    let mut said: Vec<String> = (0..60).map(|number| format!("unheard {number}")).collect();
    for text in &said {
        alice.say(&room, text).await;
    }
    let second = second.run_again().await;
    let bob = bob.on(&second);
    // The one that was away speaks first.
    bob.say(&room, "I am back").await;
    alice.say(&room, "good").await;
    said.extend(["I am back".to_owned(), "good".to_owned()]);
    for user in [&alice, &bob] {
        misses_nothing(user, &room, &said).await;
    }
    agree(&[&alice, &bob], &room).await;
}
