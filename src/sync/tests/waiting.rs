//! Waiting for something to tell, and giving up.

use std::{sync::Arc, time::Duration};

use kith_rooms::create::Preset;
use serde_json::{Value, json};

use super::world::World;
use crate::{SyncError, SyncRequest, token};

fn request(since: &Value, timeout: Duration) -> SyncRequest {
    let since = since["next_batch"].as_str().map(str::to_owned);
    SyncRequest { since, timeout, ..SyncRequest::default() }
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_sync_waits_for_something_to_tell() {
    let world = Arc::new(World::new());
    world.sync.start();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room_id = world.room(&alice, Preset::PublicChat);
    let start = world.sync_from_start(&alice, &json!({}));

    let waiting = world.sync.sync(&alice, request(&start, LONG));
    let acting = {
        let (world, room_id) = (Arc::clone(&world), room_id.clone());
        async move {
            tokio::time::sleep(SHORT).await;
            let tasks = world.tasks.clone();
            tasks.blocking(move || world.join(&bob, &room_id)).await;
        }
    };
    let (answer, ()) = tokio::join!(waiting, acting);
    let answer = serde_json::to_value(answer.expect("answers")).expect("JSON");
    assert!(answer["rooms"]["join"][room_id.as_str()].is_object(), "{answer}");
    assert!(world.tasks.stop(LONG).await);
}

#[tokio::test]
async fn a_sync_that_has_nothing_to_tell_ends_in_time_and_moves_on() {
    let world = World::new();
    world.sync.start();
    let alice = world.user("alice");
    let start = world.sync_from_start(&alice, &json!({}));
    let stranger = world.user("stranger");
    world.room(&stranger, Preset::PrivateChat);
    let answer = world.sync.sync(&alice, request(&start, SHORT)).await.expect("answers");
    assert!(answer.is_empty());
    assert_eq!(answer.next_batch, token::of(world.store.visible()));
    assert!(world.tasks.stop(LONG).await);
}

#[tokio::test]
async fn a_stopping_server_lets_everybody_go() {
    let world = World::new();
    world.sync.start();
    let alice = world.user("alice");
    let start = world.sync_from_start(&alice, &json!({}));
    let waiting = world.sync.sync(&alice, request(&start, LONG));
    let stopping = async {
        tokio::time::sleep(SHORT).await;
        assert!(world.tasks.stop(LONG).await);
    };
    let (answer, ()) = tokio::join!(waiting, stopping);
    assert!(answer.expect("answers").is_empty());
}

#[tokio::test]
async fn tokens_of_others_are_refused() {
    let world = World::new();
    let alice = world.user("alice");
    let request = SyncRequest { since: Some("s72594_4483_1934".to_owned()), ..SyncRequest::default() };
    assert!(matches!(world.sync.sync(&alice, request).await, Err(SyncError::UnknownToken)));
}
