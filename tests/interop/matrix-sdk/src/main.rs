//! Two people with matrix-rust-sdk who sync by sliding sync, write to each other encrypted, verify each other, and get
//! back on new devices what was said before. What a person can do is in `person.rs`, the comparing of emojis in `sas.rs`.
//!
//! Usage: `kith-interop-matrix-sdk <base url>`, with a server that lets everybody register. `tests/interop/run matrix-sdk`
//! builds it and starts one. Every step builds on the one before it, so the first that fails ends the run.

// The futures of the library are nested deeper than the compiler looks by default.
#![recursion_limit = "256"]

mod person;
mod sas;

use std::{process::ExitCode, time::Instant};

use anyhow::{Context, Result, anyhow, ensure};
use matrix_sdk::ruma::{OwnedEventId, OwnedRoomId};

use crate::person::{Person, eventually};

/// What was said in the room so far.
type Said = Vec<(OwnedEventId, String)>;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1) {
        Some(base) => run(&base).await,
        None => Err(anyhow!("which server? give its base URL")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("FAIL  matrix-sdk: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Says of each step that it passed, and how long it took.
struct Steps {
    since: Instant,
}

impl Steps {
    fn passed(&mut self, name: &str) {
        println!("ok    matrix-sdk: {name}  ({:.2} s)", self.since.elapsed().as_secs_f64());
        self.since = Instant::now();
    }
}

async fn run(base: &str) -> Result<()> {
    let mut steps = Steps { since: Instant::now() };
    let tag = std::process::id();
    let (alice_name, bob_name) = (format!("alice-{tag}"), format!("bob-{tag}"));
    for name in [&alice_name, &bob_name] {
        Person::register(base, name).await?;
    }
    let alice = Person::log_in(base, &alice_name).await?;
    let bob = Person::log_in(base, &bob_name).await?;
    steps.passed("register and log in, with sliding sync found by itself");

    for person in [&alice, &bob] {
        let status = person.client.encryption().cross_signing_status().await.context("no keys")?;
        ensure!(status.is_complete(), "{} lacks private keys: {status:?}", person.name);
        person.trusts_own_device().await?;
    }
    steps.passed("cross-signing");

    let room = meet(&alice, &bob).await?;
    let mut said = talk(&room, &[&alice, &bob], "hello").await?;
    steps.passed("encrypted messages both ways");

    let emojis = sas::verify_user(&alice, &bob).await?;
    alice.trusts_user(&bob).await?;
    bob.trusts_user(&alice).await?;
    steps.passed(&format!("people verify each other: {emojis}"));

    let recovery_key = alice.client.encryption().recovery().enable().wait_for_backups_to_upload().await?;
    let tablet = Person::log_in(base, &alice_name).await?;
    let emojis = sas::verify_own_device(&tablet, &alice).await?;
    tablet.trusts_own_device().await?;
    bob.trusts_device(&tablet).await?;
    tablet.has_backup().await?;
    reads_all(&tablet, &room, &said).await?;
    said.extend(talk(&room, &[&alice, &bob, &tablet], "hello again").await?);
    steps.passed(&format!("a second device is verified and given the secrets: {emojis}"));

    alice.client.encryption().backups().wait_for_steady_state().await?;
    tablet.log_out().await?;
    alice.log_out().await?;
    let phone = Person::log_in(base, &alice_name).await?;
    phone.client.encryption().recovery().recover(&recovery_key).await?;
    phone.trusts_own_device().await?;
    bob.trusts_device(&phone).await?;
    reads_all(&phone, &room, &said).await?;
    talk(&room, &[&phone, &bob], "all is well").await?;
    steps.passed("a third device recovers everything with the recovery key");

    phone.log_out().await?;
    bob.log_out().await
}

/// An encrypted room of two.
async fn meet(host: &Person, guest: &Person) -> Result<OwnedRoomId> {
    let room = host.client.create_dm(guest.user_id()).await?.room_id().to_owned();
    let invited = eventually("the invite", async || Ok(guest.client.get_room(&room))).await?;
    invited.join().await?;
    for person in [host, guest] {
        eventually("an encrypted room of two", async || {
            let Some(room) = person.client.get_room(&room) else { return Ok(None) };
            let members = room.members(matrix_sdk::RoomMemberships::JOIN).await?;
            let encrypted = room.latest_encryption_state().await?.is_encrypted();
            Ok((members.len() == 2 && encrypted).then_some(()))
        })
        .await?;
    }
    Ok(room)
}

/// Each says something that all of them are told of by sync, and can decrypt.
async fn talk(room: &OwnedRoomId, people: &[&Person], words: &str) -> Result<Said> {
    let mut said = Said::new();
    for person in people {
        let body = format!("{} says {words} from {}", person.name, person.device_id());
        let event = person.say(room, &body).await?;
        for witness in people {
            witness.hears(&event, &body).await?;
        }
        said.push((event, body));
    }
    Ok(said)
}

async fn reads_all(person: &Person, room: &OwnedRoomId, said: &Said) -> Result<()> {
    for (event, body) in said {
        person.reads(room, event, body).await?;
    }
    Ok(())
}
