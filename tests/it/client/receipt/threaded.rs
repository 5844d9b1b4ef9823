//! Receipts that speak of one thread, or of the main timeline.

use serde_json::json;

use super::receipt;
use crate::harness::{User, receipts, two_in_a_room};

async fn say_in_thread(user: &User, room: &str, root: &str) -> String {
    let relation = json!({"rel_type": "m.thread", "event_id": root});
    let content = json!({"msgtype": "m.text", "body": "in the thread", "m.relates_to": relation});
    user.send_event(room, "m.room.message", content).await.event_id()
}

#[tokio::test]
async fn each_thread_has_its_receipt() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let root = alice.say(&room, "tea").await;
    let reply = say_in_thread(&alice, &room, &root).await;
    let main = alice.say(&room, "cake").await;
    let since = alice.now().await;
    receipt(&bob, &room, "m.read", &main, json!({"thread_id": "main"})).await.ok();
    receipt(&bob, &room, "m.read", &reply, json!({"thread_id": root})).await.ok();
    receipt(&bob, &room, "m.read", &reply, json!({})).await.ok();
    let expected =
        [(main.clone(), Some("main".to_owned())), (reply.clone(), Some(root.clone())), (reply.clone(), None)];
    let mut seen = Vec::new();
    alice
        .sync_until(Some(&since), |answer| {
            seen.extend(receipts(answer, &room).into_iter().map(|(event, _, _, thread)| (event, thread)));
            expected.iter().all(|wanted| seen.contains(wanted)).then_some(())
        })
        .await;
    let mut whole: Vec<_> =
        receipts(&alice.sync(None).await, &room).into_iter().filter(|found| found.2 == bob.id).collect();
    whole.retain(|found| found.1 == "m.read");
    assert_eq!(whole.len(), 3, "{whole:?}");
}

#[tokio::test]
async fn a_root_belongs_to_the_main_timeline_and_to_its_thread() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let root = alice.say(&room, "tea").await;
    say_in_thread(&alice, &room, &root).await;
    receipt(&bob, &room, "m.read", &root, json!({"thread_id": "main"})).await.ok();
    receipt(&bob, &room, "m.read", &root, json!({"thread_id": root})).await.ok();
}

#[tokio::test]
async fn events_are_not_read_in_a_thread_they_are_not_in() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let (tea, cake) = (alice.say(&room, "tea").await, alice.say(&room, "cake").await);
    let green = say_in_thread(&alice, &room, &tea).await;
    let wrong = [
        (&green, cake.as_str()),
        (&green, "main"),
        (&cake, tea.as_str()),
        (&tea, "$unknown"),
        (&tea, "nonsense"),
    ];
    for (event, thread) in wrong {
        let body = json!({"thread_id": thread});
        receipt(&bob, &room, "m.read", event, body).await.refused(400, "M_INVALID_PARAM");
    }
}
