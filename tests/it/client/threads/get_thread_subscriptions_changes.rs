//! `GET /_matrix/client/unstable/io.element.msc4308/thread_subscriptions`, and the extension of sliding sync.

use serde_json::{Value, json};

use super::{subscription, thread};
use crate::harness::{Server, User};

const CHANGES: &str = "/_matrix/client/unstable/io.element.msc4308/thread_subscriptions?dir=b";
const EXTENSION: &str = "io.element.msc4308.thread_subscriptions";

/// The roots in one part of an answer.
fn roots(answer: &Value, part: &str, room: &str) -> Vec<String> {
    answer[part][room].as_object().map(|roots| roots.keys().cloned().collect()).unwrap_or_default()
}

/// What sliding sync says of subscriptions, and where it goes on.
async fn slide(user: &User, pos: Option<&str>, limit: u64) -> (Value, String) {
    let pos = pos.map(|pos| format!("&pos={pos}")).unwrap_or_default();
    let path = format!("/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0{pos}");
    let body = json!({"extensions": {EXTENSION: {"enabled": true, "limit": limit}}});
    let answer = user.post(&path, body).await.ok();
    (answer["extensions"][EXTENSION].clone(), answer["pos"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn subscriptions_are_listed_the_newest_change_first() {
    let server = Server::start().await;
    let (alice, bob, room, first, _) = thread(&server).await;
    let mut all = vec![first];
    for number in 0..4 {
        all.push(bob.say(&room, &format!("thread {number}")).await);
    }
    for root in &all {
        alice.put(&subscription(&room, root), json!({})).await.ok();
    }
    alice.delete(&subscription(&room, &all[0])).await.ok();
    let newest = alice.get(&format!("{CHANGES}&limit=2")).await.ok();
    assert_eq!(roots(&newest, "subscribed", &room), [all[4].clone()]);
    assert_eq!(roots(&newest, "unsubscribed", &room), [all[0].clone()]);
    assert!(newest["unsubscribed"][&room][&all[0]]["bump_stamp"].is_u64(), "{newest}");
    let end = newest["end"].as_str().unwrap();
    let rest = alice.get(&format!("{CHANGES}&limit=50&from={end}")).await.ok();
    let mut expected = all[1..4].to_vec();
    expected.sort();
    assert_eq!(roots(&rest, "subscribed", &room), expected);
    assert!(rest.get("end").is_none(), "{rest}");
    assert_eq!(bob.get(CHANGES).await.ok(), json!({}));
    alice.get(&format!("{CHANGES}&from=nonsense")).await.refused(400, "M_INVALID_PARAM");
    server.anonymous("GET", CHANGES, None).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn sliding_sync_tells_what_changed() {
    let server = Server::start().await;
    let (alice, bob, room, root, answer) = thread(&server).await;
    alice.put(&subscription(&room, &root), json!({"automatic": answer})).await.ok();
    let (told, pos) = slide(&alice, None, 10).await;
    assert_eq!(told["subscribed"][&room][&root]["automatic"], true, "{told}");
    let (told, pos) = slide(&alice, Some(&pos), 10).await;
    assert_eq!(told, json!({}));
    let mut more = Vec::new();
    for number in 0..3 {
        more.push(bob.say(&room, &format!("thread {number}")).await);
        alice.put(&subscription(&room, &more[number]), json!({})).await.ok();
    }
    let (told, _) = slide(&alice, Some(&pos), 1).await;
    assert_eq!(roots(&told, "subscribed", &room), [more[2].clone()]);
    // Only what lies between the two answers is missing.
    let batch = told["prev_batch"].as_str().unwrap_or_else(|| panic!("{told}"));
    let missed = alice.get(&format!("{CHANGES}&from={batch}&to={pos}")).await.ok();
    let mut expected = more[..2].to_vec();
    expected.sort();
    assert_eq!(roots(&missed, "subscribed", &room), expected);
}
