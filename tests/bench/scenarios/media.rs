//! Files, small and many or large and one.

use crate::Outcome;
use crate::homeserver::Homeserver;
use crate::load;
use crate::measure::{Pace, Running};
use crate::process;
use crate::report::Row;
use crate::session::Session;
use crate::world::World;
use std::time::{Duration, Instant};

pub(crate) const NAME: &str = "media";
pub(crate) const QUESTION: &str = "Files of 1 MiB, one and sixteen at a time, and a single large one, uploaded and \
    then downloaded; all of them are compared. Per second and per operation is per MiB; the latencies are of whole \
    files. For the large file it is told how far the memory rose while it passed.";

const CONCURRENCY: [usize; 2] = [1, 16];

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    let user = world.crowd(1).await?.swap_remove(0);
    for at_once in CONCURRENCY {
        many(world, &user, at_once).await?;
    }
    large(world, &user, world.scale.media_large_mib).await
}

async fn many(world: &mut World, user: &Session, at_once: usize) -> Outcome<()> {
    let number = world.scale.media_files;
    let files: Vec<u64> = (0..number).map(|_| world.server.next_transaction()).collect();
    let server: &Homeserver = &world.server;
    let running = world.probe.start();
    let upload = |file| async move { Ok((file, server.upload(user.token(), file, 1).await?)) };
    let (uploaded, latencies) = load::for_each(files, at_once, upload).await?;
    let up = running.finish(&format!("upload 1 MiB, {at_once} at once"), Pace::Full, number, &latencies);

    let running = world.probe.start();
    let download = |(file, address): (u64, String)| async move {
        server.download(user.token(), &address, file, 1).await
    };
    let (_downloaded, latencies) = load::for_each(uploaded, at_once, download).await?;
    let down = running.finish(&format!("download 1 MiB, {at_once} at once"), Pace::Full, number, &latencies);
    world.record(up);
    world.record(down);
    Ok(())
}

async fn large(world: &mut World, user: &Session, blocks: u64) -> Outcome<()> {
    let file = world.server.next_transaction();
    let operations = usize::try_from(blocks)?;
    let finish = |running: &Running<'_>, what: &str, mark, took: Duration| Row {
        memory_rise_bytes: mark,
        ..running.finish(&format!("{what} {blocks} MiB"), Pace::Full, operations, &[took])
    };
    let pids = world.probe.pids.clone();
    let rise = |mark: Option<process::MemoryMark>| mark.map(|mark| process::memory_rise_bytes(&mark, &pids));

    let mark = process::mark_memory(&pids);
    let (running, started) = (world.probe.start(), Instant::now());
    let address = world.server.upload(user.token(), file, blocks).await?;
    let up = finish(&running, "upload", rise(mark), started.elapsed());

    let mark = process::mark_memory(&pids);
    let (running, started) = (world.probe.start(), Instant::now());
    world.server.download(user.token(), &address, file, blocks).await?;
    let down = finish(&running, "download", rise(mark), started.elapsed());
    world.record(up);
    world.record(down);
    Ok(())
}
