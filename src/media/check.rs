//! `kith check`: proves that the rows about files agree with each other and with the bytes that are stored.
//!
//! Every blob is read and hashed, so this takes as long as reading all media takes.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use kith_base::Tasks;
use kith_config::Config;
use kith_store::{
    Direction, Error, Read, Store, UserSid,
    tables::media::{
        BlobHash, BlobRecord, MEDIA, MEDIA_ACCESS, MEDIA_BLOBS, MEDIA_OF, MEDIA_ORPHANS, MEDIA_PENDING,
        MEDIA_PENDING_OF, MEDIA_THUMBNAILS, MEDIA_USAGE, UsageRecord,
    },
};
use sha2::{Digest, Sha256};

use crate::{
    DIRECTORY, StorageError,
    blobs::{BlobError, Blobs, name},
    open_blobs,
};

/// How many findings are listed; where there are more, the rest says nothing new.
const FINDINGS_MAX: usize = 1_000;

/// What a check saw.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// How many files.
    pub files: u64,
    /// How many blobs.
    pub blobs: u64,
    /// What is wrong, each with its place; empty if all is well.
    pub findings: Vec<(String, String)>,
}

/// Checks every invariant over files.
pub async fn check(store: &Store, config: &Config, tasks: &Tasks) -> Result<Checked, StorageError> {
    let blobs = open_blobs(config, &config.data_dir.join(DIRECTORY), tasks)?;
    let mut checked = Checked::default();
    let expected = check_rows(store.engine(), &mut checked)?;
    for (hash, blob) in expected {
        checked.blobs += 1;
        if blob.references > 0
            && let Err(what) = check_blob(&*blobs, &hash, blob.size_bytes).await
        {
            checked.find(format!("blob {}", name(&hash)), what);
        }
    }
    Ok(checked)
}

/// Checks what the rows say of each other. Answers the blobs.
fn check_rows(read: &dyn Read, checked: &mut Checked) -> Result<BTreeMap<BlobHash, BlobRecord>, Error> {
    let mut references: BTreeMap<BlobHash, u64> = BTreeMap::new();
    let mut usages: BTreeMap<UserSid, UsageRecord> = BTreeMap::new();
    for row in MEDIA.scan(read, &(), Direction::Forward) {
        let (key, record) = row?;
        checked.files += 1;
        *references.entry(record.sha256).or_default() += 1;
        if !MEDIA_ACCESS.contains(read, &key)? {
            checked.find(format!("media {}", key.1), "has no time of access");
        }
        let Some(owner) = record.owner else { continue };
        let usage = usages.entry(owner).or_default();
        usage.files += 1;
        usage.bytes += record.size_bytes;
        if !MEDIA_OF.contains(read, &(owner, record.created_ms, key.1.clone()))? {
            checked.find(format!("media {}", key.1), "is missing among its owner's files");
        }
    }
    for row in MEDIA_THUMBNAILS.scan(read, &(), Direction::Forward) {
        let ((original, _), thumbnail) = row?;
        if thumbnail.sha256 != original {
            *references.entry(thumbnail.sha256).or_default() += 1;
        }
    }
    check_owners(read, checked, &usages)?;
    check_pending(read, checked)?;
    let mut blobs = BTreeMap::new();
    for row in MEDIA_BLOBS.scan(read, &(), Direction::Forward) {
        let (hash, blob) = row?;
        let counted = references.remove(&hash).unwrap_or(0);
        if counted != blob.references {
            let what = format!("is referred to {counted} times, not {}", blob.references);
            checked.find(format!("blob {}", name(&hash)), what);
        }
        if MEDIA_ORPHANS.contains(read, &hash)? != (blob.references == 0) {
            checked
                .find(format!("blob {}", name(&hash)), "is listed as an orphan and is none, or the reverse");
        }
        blobs.insert(hash, blob);
    }
    for hash in references.keys() {
        checked.find(format!("blob {}", name(hash)), "is referred to and has no row");
    }
    Ok(blobs)
}

fn check_owners(
    read: &dyn Read,
    checked: &mut Checked,
    usages: &BTreeMap<UserSid, UsageRecord>,
) -> Result<(), Error> {
    let mut listed: BTreeMap<UserSid, u64> = BTreeMap::new();
    for row in MEDIA_OF.scan(read, &(), Direction::Forward) {
        *listed.entry(row?.0.0).or_default() += 1;
    }
    for row in MEDIA_USAGE.scan(read, &(), Direction::Forward) {
        let (owner, usage) = row?;
        let counted = usages.get(&owner).copied().unwrap_or_default();
        let files = listed.remove(&owner).unwrap_or(0);
        if usage != counted || files != counted.files {
            checked.find(format!("user {}", owner.0), "has more or fewer files than is written down");
        }
    }
    for owner in listed.keys() {
        checked.find(format!("user {}", owner.0), "has files and no row that counts them");
    }
    Ok(())
}

fn check_pending(read: &dyn Read, checked: &mut Checked) -> Result<(), Error> {
    let mut count = 0_u64;
    for row in MEDIA_PENDING.scan(read, &(), Direction::Forward) {
        let (media_id, pending) = row?;
        count += 1;
        let of_owner = MEDIA_PENDING_OF.get(read, &(pending.owner, media_id.clone()))?;
        if of_owner != Some(pending.expires_ms) {
            checked.find(format!("announced media {media_id}"), "is missing among its owner's");
        }
    }
    if MEDIA_PENDING_OF.scan(read, &(), Direction::Forward).count() as u64 != count {
        checked.find("announced media".to_owned(), "some are only listed by owner");
    }
    Ok(())
}

async fn check_blob(blobs: &dyn Blobs, hash: &BlobHash, size_bytes: u64) -> Result<(), String> {
    match blobs.size(hash).await.map_err(told)? {
        None => return Err("is missing".to_owned()),
        Some(size) if size != size_bytes => return Err(format!("has {size} bytes, not {size_bytes}")),
        Some(_) => {}
    }
    let mut stream = blobs.read(hash, 0..size_bytes).await.map_err(told)?;
    let mut hasher = Sha256::new();
    while let Some(bytes) = stream.try_next().await.map_err(|error| error.to_string())? {
        hasher.update(&bytes);
    }
    let found: BlobHash = hasher.finalize().into();
    if found == *hash { Ok(()) } else { Err("has other bytes than it had".to_owned()) }
}

fn told(error: BlobError) -> String {
    error.to_string()
}

impl Checked {
    fn find(&mut self, place: String, what: impl Into<String>) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push((place, what.into()));
        }
    }
}
