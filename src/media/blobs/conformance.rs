//! What every place for blobs has to do, run against each of them.

use std::{path::Path, sync::Arc};

use futures_util::TryStreamExt;
use kith_base::Tasks;
use tempfile::TempDir;

use super::{BlobError, Blobs, files::FileBlobs, objects::ObjectBlobs};

#[tokio::test]
async fn files() {
    let directory = TempDir::new().expect("a temporary directory");
    check(&FileBlobs::new(directory.path().join("media"), Tasks::new()), directory.path()).await;
}

#[tokio::test]
async fn objects() {
    let directory = TempDir::new().expect("a temporary directory");
    let store = Arc::new(object_store::memory::InMemory::new());
    check(&ObjectBlobs::new(store, "media/", Tasks::new()), directory.path()).await;
}

async fn check(blobs: &dyn Blobs, directory: &Path) {
    let (small, large) = ([1; 32], [0xab; 32]);
    // More than two parts of an upload in parts, and not a multiple of any buffer.
    let content: Vec<u8> = (0..20 * 1024 * 1024 + 7_u32).map(|number| (number % 251) as u8).collect();
    assert_eq!(blobs.size(&small).await.expect("looks"), None);
    put(blobs, directory, &small, b"hello").await;
    put(blobs, directory, &small, b"hello").await;
    put(blobs, directory, &large, &content).await;
    put(blobs, directory, &[2; 32], b"").await;

    assert_eq!(blobs.size(&small).await.expect("looks"), Some(5));
    assert_eq!(blobs.size(&large).await.expect("looks"), Some(content.len() as u64));
    assert_eq!(read(blobs, &small, 0..5).await, b"hello");
    assert_eq!(read(blobs, &small, 1..4).await, b"ell");
    assert_eq!(read(blobs, &small, 5..5).await, b"");
    assert_eq!(read(blobs, &[2; 32], 0..0).await, b"");
    assert!(read(blobs, &large, 0..content.len() as u64).await == content);
    let middle = 9_000_001..17_000_003;
    assert!(read(blobs, &large, middle).await == content[9_000_001..17_000_003]);

    let scratch = directory.join("scratch");
    let local = blobs.local(&large, &scratch).await.expect("a file");
    assert!(std::fs::read(local.path()).expect("readable") == content);
    drop(local);
    assert!(!scratch.exists(), "a file made for the occasion goes");

    blobs.delete(&small).await.expect("deleted");
    blobs.delete(&small).await.expect("deleted, twice");
    assert_eq!(blobs.size(&small).await.expect("looks"), None);
    let missing = blobs.read(&small, 0..5).await.err().expect("it is gone");
    assert!(matches!(missing, BlobError::Missing(hash) if hash == small), "{missing}");
    let missing = blobs.local(&small, &scratch).await.expect_err("it is gone");
    assert!(matches!(missing, BlobError::Missing(hash) if hash == small), "{missing}");
    assert_eq!(read(blobs, &large, 0..1).await, [0]);
}

async fn put(blobs: &dyn Blobs, directory: &Path, hash: &[u8; 32], content: &[u8]) {
    let draft = directory.join("draft");
    std::fs::write(&draft, content).expect("written");
    blobs.put(hash, &draft).await.expect("put");
}

async fn read(blobs: &dyn Blobs, hash: &[u8; 32], range: std::ops::Range<u64>) -> Vec<u8> {
    let stream = blobs.read(hash, range).await.expect("there");
    let chunks: Vec<_> = stream.try_collect().await.expect("readable");
    chunks.concat()
}
