//! What people do: each round, everybody something, all at once and without asking the others.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::world::{SERVERS, World, encode, name};

/// Something to do.
enum Deed {
    Say(String),
    /// Type, state key, content.
    Set(&'static str, String, Value),
    /// How much somebody may do from now on.
    Level(usize, u64),
    /// `kick`, `ban`, `unban`, `invite`, and whom.
    To(&'static str, usize),
    Join,
    Leave,
}

/// Everybody does something.
pub(crate) async fn round(world: &mut World) {
    let round = world.dice.throw(1 << 30);
    let deeds: Vec<(usize, Deed, u64)> =
        (0..SERVERS).map(|at| (at, choose(world, at, round), world.dice.throw(300))).collect();
    let doing = deeds.iter().map(|(at, deed, after_ms)| {
        let world = &*world;
        async move {
            sleep(Duration::from_millis(*after_ms)).await;
            act(world, *at, deed, round).await
        }
    });
    let done: Vec<Option<String>> = join_all(doing).await;
    for ((at, ..), event_id) in deeds.iter().zip(done) {
        world.acknowledged.extend(event_id.map(|event_id| (*at, event_id)));
    }
}

fn choose(world: &mut World, at: usize, round: u64) -> Deed {
    let whom = (at + 1 + usize::try_from(world.dice.throw(2)).unwrap()) % SERVERS;
    let text = format!("{round} by {}", world.users[at].id);
    match world.dice.throw(100) {
        0..10 => Deed::Set("m.room.name", String::new(), json!({"name": text})),
        10..20 => Deed::Set("m.room.topic", String::new(), json!({"topic": text})),
        20..30 => Deed::Set("org.example.own", world.dice.throw(3).to_string(), json!({"text": text})),
        // The first user stays above all others, so that there is somebody to make peace.
        30..40 => Deed::Level(whom, *world.dice.pick(&[0, 40, 50, 60, 70])),
        40..46 => Deed::To("kick", whom),
        46..52 => Deed::To("ban", whom),
        52..58 => Deed::To("unban", whom),
        58..62 => Deed::To("invite", whom),
        62..70 => Deed::Join,
        70..73 if at != 0 => Deed::Leave,
        _ => Deed::Say(text),
    }
}

/// Does it, and returns the id of the event that came of it, where the answer tells.
async fn act(world: &World, at: usize, deed: &Deed, round: u64) -> Option<String> {
    let room = format!("/rooms/{}", encode(&world.room));
    let (status, answer) = match deed {
        Deed::Say(text) => {
            let content = json!({"msgtype": "m.text", "body": text});
            world.call(at, "PUT", &format!("{room}/send/m.room.message/{round}"), &content).await
        }
        Deed::Set(kind, key, content) => {
            world.call(at, "PUT", &format!("{room}/state/{kind}/{key}"), content).await
        }
        Deed::Level(whom, level) => {
            let path = format!("{room}/state/m.room.power_levels/");
            let (_status, mut levels) = world.call(at, "GET", &path, &Value::Null).await;
            if *whom == 0 || !levels["users"].is_object() {
                return None;
            }
            levels["users"][&world.users[*whom].id] = json!(level);
            world.call(at, "PUT", &path, &levels).await
        }
        Deed::To(what, whom) => {
            let body = json!({"user_id": world.users[*whom].id});
            world.call(at, "POST", &format!("{room}/{what}"), &body).await
        }
        Deed::Join => world.join(at).await,
        Deed::Leave => world.call(at, "POST", &format!("{room}/leave"), &json!({})).await,
    };
    world.tell(|| format!("{} {}: {status} {answer}", name(at), describe(deed)));
    let known = [0, 200, 400, 403, 404, 502, 503, 504];
    assert!(known.contains(&status), "{} {}: {status} {answer}", world.story(), describe(deed));
    answer["event_id"].as_str().filter(|_| status == 200).map(str::to_owned)
}

fn describe(deed: &Deed) -> String {
    match deed {
        Deed::Say(text) => format!("says {text}"),
        Deed::Set(kind, key, _) => format!("sets {kind} {key}"),
        Deed::Level(whom, level) => format!("gives {} {level}", name(*whom)),
        Deed::To(what, whom) => format!("tries to {what} {}", name(*whom)),
        Deed::Join => "joins".to_owned(),
        Deed::Leave => "leaves".to_owned(),
    }
}
