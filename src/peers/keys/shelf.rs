//! The keys that are kept: in the tables, and in memory those lately used.

use std::{collections::BTreeMap, sync::Arc};

use kith_base::Tasks;
use kith_store::{
    Direction, Error, Store,
    tables::peers::{KeyDocumentRecord, PEER_KEY_DOCUMENTS, PEER_KEYS, PeerKeyRecord},
};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use ruma::{OwnedServerName, ServerName};

use super::document::{KeyDocument, Keys};

/// How many servers' keys are held in memory.
const SERVERS_MAX: usize = 10_000;

/// Keys and documents of other servers.
pub(super) struct Shelf {
    store: Arc<Store>,
    tasks: Tasks,
    keys: Arc<Cache<OwnedServerName, Arc<Keys>>>,
    /// Held while a document is written, because what is written depends on what is there.
    writing: Arc<Mutex<()>>,
}

/// Where a document comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From the server itself, over TLS: it is the newest.
    Itself,
    /// From somebody else, who may have kept it for long.
    Notary,
}

impl Shelf {
    pub(super) fn new(store: Arc<Store>, tasks: Tasks) -> Self {
        Self { store, tasks, keys: Arc::new(Cache::new(SERVERS_MAX)), writing: Arc::default() }
    }

    /// All keys known of each server; of a server of which nothing is known there are none.
    pub(super) async fn find(&self, servers: &[OwnedServerName]) -> BTreeMap<OwnedServerName, Arc<Keys>> {
        let mut found = BTreeMap::new();
        let mut absent = Vec::new();
        for server in servers {
            match self.keys.get(server) {
                Some(keys) => {
                    found.insert(server.clone(), keys);
                }
                None => absent.push(server.clone()),
            }
        }
        if absent.is_empty() {
            return found;
        }
        let (store, cache) = (Arc::clone(&self.store), Arc::clone(&self.keys));
        let read = move || {
            for server in absent {
                // What is kept meanwhile is newer than what is read here, and stays.
                let read = || read_keys(store.engine(), &server).map(Arc::new);
                let keys = cache.get_or_insert_with(&server, read)?;
                found.insert(server, keys);
            }
            Ok::<_, Error>(found)
        };
        match self.tasks.blocking(read).await {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "cannot read the keys of other servers");
                BTreeMap::new()
            }
        }
    }

    /// The newest document of a server.
    pub(super) async fn document(&self, server: &ServerName) -> Option<KeyDocumentRecord> {
        let (store, key) = (Arc::clone(&self.store), server.to_string());
        let read = move || PEER_KEY_DOCUMENTS.get(store.engine(), &key);
        let found = self.tasks.blocking(read).await;
        found.unwrap_or_else(|error| {
            tracing::error!(%server, %error, "cannot read the keys of another server");
            None
        })
    }

    /// Keeps what a document says, unless a newer one is there already.
    pub(super) async fn keep(&self, document: KeyDocument, source: Source) {
        let (store, cache, writing) =
            (Arc::clone(&self.store), Arc::clone(&self.keys), Arc::clone(&self.writing));
        let server = document.server.clone();
        let write = move || {
            let key = document.server.to_string();
            let one_at_a_time = writing.lock();
            let view = store.read();
            let before = PEER_KEY_DOCUMENTS.get(&*view, &key)?;
            let is_newer = before.is_none_or(|before| {
                source == Source::Itself || document.record.valid_until_ms >= before.valid_until_ms
            });
            if !is_newer {
                return Ok::<_, Error>(());
            }
            let mut keys = read_keys(&view, &document.server)?;
            let mut txn = store.begin();
            for (key_id, new) in document.keys {
                let record = merge(keys.get(&key_id), new);
                PEER_KEYS.put(&mut txn.batch, &(key.clone(), key_id.clone()), &record);
                keys.insert(key_id, record);
            }
            PEER_KEY_DOCUMENTS.put(&mut txn.batch, &key, &document.record);
            let committed = store.commit(txn)?;
            cache.insert(document.server, Arc::new(keys));
            drop(one_at_a_time);
            committed.wait_durable()
        };
        if let Err(error) = self.tasks.blocking(write).await {
            tracing::error!(%server, %error, "cannot keep the keys of another server");
        }
    }
}

fn read_keys(read: &dyn kith_store::Read, server: &ServerName) -> Result<Keys, Error> {
    let rows = PEER_KEYS.scan(read, &server.to_string(), Direction::Forward);
    rows.map(|row| row.map(|((_, key_id), record)| (key_id, record))).collect()
}

/// What to keep of a key: the newest word, but for a key in use nothing that was believed before is taken back.
fn merge(before: Option<&PeerKeyRecord>, new: PeerKeyRecord) -> PeerKeyRecord {
    match before {
        Some(before) if before.key == new.key && !before.retired && !new.retired => {
            PeerKeyRecord { valid_until_ms: before.valid_until_ms.max(new.valid_until_ms), ..new }
        }
        _ => new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validity_only_grows_until_the_key_is_retired() {
        let key = |valid_until_ms, retired| PeerKeyRecord { key: [1; 32], valid_until_ms, retired };
        assert_eq!(merge(None, key(5, false)), key(5, false));
        assert_eq!(merge(Some(&key(9, false)), key(5, false)), key(9, false));
        assert_eq!(merge(Some(&key(5, false)), key(9, false)), key(9, false));
        assert_eq!(merge(Some(&key(9, false)), key(5, true)), key(5, true));
        assert_eq!(merge(Some(&key(5, true)), key(9, false)), key(9, false));
        let other = PeerKeyRecord { key: [2; 32], ..key(5, false) };
        assert_eq!(merge(Some(&key(9, false)), other), other);
    }
}
