//! Waiting: until something happens, and no longer than asked.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{is_quiet, timeline};
use crate::harness::{User, account_data, bodies, encode, two_in_a_room};

/// How soon a message must be there.
const SOON: Duration = Duration::from_secs(1);

/// A sync that waits, with how long that took.
async fn wait(user: &User, since: &str, timeout_ms: u64) -> (Value, Duration) {
    let begin = Instant::now();
    let answer = user.get(&format!("/sync?since={since}&timeout={timeout_ms}")).await.ok();
    (answer, begin.elapsed())
}

/// Where a user stands when all is quiet: presence that follows from syncing has been told.
async fn settled(user: &User) -> String {
    let mut since = user.now().await;
    for _ in 0..10 {
        let answer = user.sync(Some(&since)).await;
        let next = answer["next_batch"].as_str().unwrap().to_owned();
        if answer.as_object().unwrap().len() == 1 {
            return next;
        }
        since = next;
    }
    since
}

/// Lets a user wait while something else happens; how long after that the answer came, and the answer.
async fn woken_by(user: &User, act: impl Future<Output = ()>) -> (Value, Duration) {
    let since = settled(user).await;
    let waiting = tokio::spawn({
        let user = user.clone();
        async move {
            let (answer, _) = wait(&user, &since, 20_000).await;
            (answer, Instant::now())
        }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished(), "the answer came before anything happened");
    let begin = Instant::now();
    act.await;
    let (answer, end) = waiting.await.unwrap();
    (answer, end.saturating_duration_since(begin))
}

#[tokio::test]
async fn whatever_concerns_one_wakes_one_at_once() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let (answer, took) = woken_by(&bob, async {
        alice.say(&room, "wake up").await;
    })
    .await;
    assert_eq!(bodies(timeline(&answer, &room)), ["wake up"]);
    assert!(took < SOON, "{took:?}");
    let (answer, took) = woken_by(&bob, async {
        alice.create_room(json!({"invite": [bob.id]})).await;
    })
    .await;
    assert_eq!(answer["rooms"]["invite"].as_object().unwrap().len(), 1);
    assert!(took < SOON, "{took:?}");
    let phone = bob.log_in_again(&server, "PHONE").await;
    let (answer, took) = woken_by(&bob, async {
        phone.put(&format!("/user/{}/account_data/org.example", bob.id), json!({"n": 1})).await.ok();
    })
    .await;
    assert_eq!(account_data(&answer, None, "org.example"), Some(&json!({"n": 1})));
    assert!(took < SOON, "{took:?}");
    let (_, took) = woken_by(&bob, async {
        alice
            .put(
                &format!("/rooms/{}/typing/{}", encode(&room), encode(&alice.id)),
                json!({"typing": true, "timeout": 9_000}),
            )
            .await
            .ok();
    })
    .await;
    assert!(took < SOON, "{took:?}");
    let (answer, took) = woken_by(&bob, async {
        alice.kick(&room, &bob).await.ok();
    })
    .await;
    assert!(answer["rooms"]["leave"][&room].is_object(), "{answer}");
    assert!(took < SOON, "{took:?}");
}

#[tokio::test]
async fn what_does_not_concern_one_does_not_wake_one() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    carol.create_room(json!({})).await;
    let since = settled(&carol).await;
    let chat = async {
        for number in 0..8 {
            alice.say(&room, &format!("{number}")).await;
            bob.put(&format!("/user/{}/account_data/org.example", bob.id), json!({"n": number})).await.ok();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let ((answer, took), ()) = tokio::join!(wait(&carol, &since, 1_500), chat);
    assert!(is_quiet(&answer), "{answer}");
    assert!(took >= Duration::from_millis(1_450), "woken after {took:?}: {answer}");
}

#[tokio::test]
async fn nobody_waits_longer_than_asked() {
    let (_server, _alice, bob, _room) = two_in_a_room().await;
    let since = settled(&bob).await;
    let (answer, took) = wait(&bob, &since, 700).await;
    assert!(is_quiet(&answer), "{answer}");
    assert!((Duration::from_millis(650)..Duration::from_millis(2_000)).contains(&took), "{took:?}");
    let (_, took) = wait(&bob, &since, 0).await;
    assert!(took < SOON, "{took:?}");
    // Who begins is answered at once, however long he would wait.
    let begin = Instant::now();
    bob.get("/sync?timeout=20000").await.ok();
    assert!(begin.elapsed() < SOON * 2, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn many_who_wait_are_all_woken() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let mut waiting = tokio::task::JoinSet::new();
    let mut devices = vec![bob.clone()];
    for number in 0..6 {
        devices.push(bob.log_in_again(&server, &format!("D{number}")).await);
    }
    let since = settled(&bob).await;
    for device in devices {
        let since = since.clone();
        waiting.spawn(async move { wait(&device, &since, 20_000).await });
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    alice.say(&room, "all of you").await;
    for (answer, _) in tokio::time::timeout(SOON * 3, waiting.join_all()).await.unwrap() {
        assert_eq!(bodies(timeline(&answer, &room)), ["all of you"]);
    }
}
