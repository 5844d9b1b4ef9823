//! What an answer costs: it follows what changed, not how many rooms a user is in.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use kith_kv::{Batch, Direction, Engine, Error, Family, KeyRange, Pair, Read, memory::MemoryEngine};
use kith_rooms::create::Preset;
use kith_store::catalog;
use serde_json::json;

use super::world::{World, texts};

/// An engine that counts the rows that are read.
struct Counting<E> {
    inner: E,
    rows: Arc<AtomicU64>,
}

impl<E: Read> Read for Counting<E> {
    fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.rows.fetch_add(1, Ordering::Relaxed);
        self.inner.get(family, key)
    }

    fn get_many(&self, family: Family, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        self.rows.fetch_add(keys.len() as u64, Ordering::Relaxed);
        self.inner.get_many(family, keys)
    }

    fn scan<'a>(
        &'a self,
        family: Family,
        range: KeyRange,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = Result<Pair, Error>> + 'a> {
        let rows = &self.rows;
        rows.fetch_add(1, Ordering::Relaxed);
        let count = move |_: &Result<Pair, Error>| {
            rows.fetch_add(1, Ordering::Relaxed);
        };
        Box::new(self.inner.scan(family, range, direction).inspect(count))
    }
}

struct Boxed<'b>(Box<dyn Read + 'b>);

impl Read for Boxed<'_> {
    fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.0.get(family, key)
    }

    fn get_many(&self, family: Family, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        self.0.get_many(family, keys)
    }

    fn scan<'a>(
        &'a self,
        family: Family,
        range: KeyRange,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = Result<Pair, Error>> + 'a> {
        self.0.scan(family, range, direction)
    }
}

impl Engine for Counting<MemoryEngine> {
    fn snapshot(&self) -> Box<dyn Read + '_> {
        Box::new(Counting { inner: Boxed(self.inner.snapshot()), rows: Arc::clone(&self.rows) })
    }

    fn write(&self, batch: Batch) -> Result<(), Error> {
        self.inner.write(batch)
    }

    fn sync(&self) -> Result<(), Error> {
        self.inner.sync()
    }

    fn checkpoint(&self, path: &Path) -> Result<(), Error> {
        self.inner.checkpoint(path)
    }

    fn flush(&self) -> Result<(), Error> {
        self.inner.flush()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        self.inner.figures()
    }
}

/// How many rows are read for an answer that tells one message, for a user in so many rooms.
fn rows_for_one_message(rooms: usize) -> u64 {
    let rows = Arc::new(AtomicU64::new(0));
    let engine = Counting { inner: MemoryEngine::new(&catalog::specs()), rows: Arc::clone(&rows) };
    let world = World::over(Arc::new(engine));
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room_id = world.room(&bob, Preset::PublicChat);
    world.join(&alice, &room_id);
    for _ in 1..rooms {
        world.room(&alice, Preset::PrivateChat);
    }
    let start = world.sync_from_start(&alice, &json!({}));
    world.say(&bob, &room_id, "news");
    let before = rows.load(Ordering::Relaxed);
    let answer = world.sync_after(&alice, &start, &json!({}));
    assert_eq!(texts(&answer["rooms"]["join"][room_id.as_str()]), ["news"]);
    rows.load(Ordering::Relaxed) - before
}

#[test]
fn one_message_costs_the_same_however_many_rooms_there_are() {
    assert_eq!(rows_for_one_message(2), rows_for_one_message(40));
}
