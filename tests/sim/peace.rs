//! After the network has healed: everybody comes back into the room, and then all must agree.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::world::{SERVERS, World, encode, name};

/// How often everybody is brought back and waited for.
const ATTEMPTS: usize = 6;
/// How long to wait for everything to arrive, in the simulation's time: longer than servers leave each other alone.
const A_WHILE: Duration = Duration::from_secs(300);

/// Brings everybody back into the room, where each then says something that all have to hear.
///
/// What was said before does not have to be heard: a server that still takes the sender for banned soft-fails it, and
/// a soft-failed message stays unseen when the ban turns out to have lost.
pub(crate) async fn make(world: &mut World) {
    world.heal();
    for attempt in 0..ATTEMPTS {
        sleep(A_WHILE).await;
        for at in 0..SERVERS {
            // Whoever is out is refused, and whoever does not know of it yet may learn of it by this.
            say(world, at, &format!("peace {attempt}")).await;
        }
        sleep(A_WHILE).await;
        if everybody_is_in(world).await {
            for at in 0..SERVERS {
                assert!(say(world, at, "the end").await.is_some(), "{}: {} is mute", world.story(), name(at));
            }
            sleep(A_WHILE).await;
            return;
        }
        for at in 1..SERVERS {
            come_back(world, at).await;
        }
    }
    panic!("{}: not everybody came back", world.story());
}

/// Whether every server knows every user as joined.
async fn everybody_is_in(world: &World) -> bool {
    let mut all = true;
    for at in 0..SERVERS {
        for of in 0..SERVERS {
            let membership = world.membership(at, of).await;
            world.tell(|| format!("{} knows {} as {membership}", name(at), name(of)));
            all &= membership == "join";
        }
    }
    all
}

/// Who is out in the eyes of the first server comes in again.
///
/// A server that let its user join while another one banned them, and was not told of the ban because it was not in the
/// room for whoever banned, cannot know of it: what it says is not heard, and nobody tells it anything. Its user does
/// what people do who are not heard: they leave, and join again.
async fn come_back(world: &World, at: usize) {
    let whom = json!({"user_id": world.users[at].id});
    let room = encode(&world.room);
    let known = world.membership(0, at).await;
    if known == "ban" {
        let (status, answer) = world.call(0, "POST", &format!("/rooms/{room}/unban"), &whom).await;
        assert_eq!(status, 200, "{}: {answer}", world.story());
        sleep(A_WHILE).await;
    }
    if known != "join" && world.membership(at, at).await == "join" {
        let (status, answer) = world.call(at, "POST", &format!("/rooms/{room}/leave"), &json!({})).await;
        world.tell(|| format!("{} leaves to come back: {status} {answer}", name(at)));
    }
    let (status, answer) = world.join(at).await;
    world.tell(|| format!("{} comes back: {status} {answer}", name(at)));
}

async fn say(world: &mut World, at: usize, text: &str) -> Option<String> {
    let path = format!("/rooms/{}/send/m.room.message/{}", encode(&world.room), encode(text));
    let (status, answer) = world.call(at, "PUT", &path, &json!({"msgtype": "m.text", "body": text})).await;
    let event_id = answer["event_id"].as_str().filter(|_| status == 200)?.to_owned();
    world.acknowledged.push((at, event_id.clone()));
    Some(event_id)
}

/// All servers hold the same state, show what was said last, and have kept what they acknowledged.
pub(crate) async fn compare(world: &World) {
    let states = [world.state(0).await, world.state(1).await, world.state(2).await];
    for at in 1..SERVERS {
        assert_eq!(states[0], states[at], "{}: {} and {}", world.story(), name(0), name(at));
    }
    for (at, event_id) in &world.acknowledged {
        let path = format!("/rooms/{}/event/{}", encode(&world.room), encode(event_id));
        let (status, answer) = world.call(*at, "GET", &path, &Value::Null).await;
        assert_eq!(status, 200, "{}: {} lost {event_id}: {answer}", world.story(), name(*at));
    }
    let last: Vec<_> = world.acknowledged.iter().rev().take(SERVERS).collect();
    for at in 0..SERVERS {
        for (by, event_id) in &last {
            let path = format!("/rooms/{}/event/{}", encode(&world.room), encode(event_id));
            let (status, answer) = world.call(at, "GET", &path, &Value::Null).await;
            assert_eq!(
                status,
                200,
                "{}: {} misses what {} said: {answer}",
                world.story(),
                name(at),
                name(*by)
            );
        }
    }
}
