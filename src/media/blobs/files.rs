//! Blobs as files below one directory: `ab/abcdef…`, the first two digits of the hash and the whole of it.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind, Seek, SeekFrom},
    ops::Range,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use kith_base::Tasks;
use kith_store::tables::media::BlobHash;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::{BlobError, Blobs, ByteStream, LocalBlob, READ_BYTES, name};

const OWNER_ONLY_DIRECTORY: u32 = 0o700;
/// How many digits of a hash name the directory of a blob.
const DIRECTORY_DIGITS: usize = 2;

/// Blobs in a directory.
pub struct FileBlobs {
    directory: PathBuf,
    tasks: Tasks,
}

impl FileBlobs {
    /// Blobs below `directory`, which is made when the first one comes.
    pub fn new(directory: PathBuf, tasks: Tasks) -> Self {
        Self { directory, tasks }
    }
}

impl Blobs for FileBlobs {
    fn put<'a>(&'a self, hash: &'a BlobHash, draft: &'a Path) -> BoxFuture<'a, Result<(), BlobError>> {
        let (target, draft) = (path(&self.directory, hash), draft.to_owned());
        let put = move || put(&draft, &target).map_err(|source| BlobError::File { path: target, source });
        self.tasks.blocking(put).boxed()
    }

    fn read<'a>(
        &'a self,
        hash: &'a BlobHash,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<ByteStream, BlobError>> {
        let (path, hash) = (path(&self.directory, hash), *hash);
        async move {
            let start = range.start;
            let open = move || open_at(&path, start).map_err(|source| explain(path, &hash, source));
            let file = self.tasks.blocking(open).await?;
            let bytes = tokio::fs::File::from_std(file).take(range.end.saturating_sub(range.start));
            Ok(ReaderStream::with_capacity(bytes, READ_BYTES).boxed())
        }
        .boxed()
    }

    fn local<'a>(
        &'a self,
        hash: &'a BlobHash,
        _scratch: &'a Path,
    ) -> BoxFuture<'a, Result<LocalBlob, BlobError>> {
        let path = path(&self.directory, hash);
        async move {
            match self.size(hash).await? {
                Some(_) => Ok(LocalBlob::lent(path)),
                None => Err(BlobError::Missing(*hash)),
            }
        }
        .boxed()
    }

    fn size<'a>(&'a self, hash: &'a BlobHash) -> BoxFuture<'a, Result<Option<u64>, BlobError>> {
        let path = path(&self.directory, hash);
        let look = move || match fs::metadata(&path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(BlobError::File { path, source }),
        };
        self.tasks.blocking(look).boxed()
    }

    fn delete<'a>(&'a self, hash: &'a BlobHash) -> BoxFuture<'a, Result<(), BlobError>> {
        let path = path(&self.directory, hash);
        let delete = move || match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(BlobError::File { path, source }),
            _ => Ok(()),
        };
        self.tasks.blocking(delete).boxed()
    }
}

/// Where a blob lies.
pub fn path(directory: &Path, hash: &BlobHash) -> PathBuf {
    let name = name(hash);
    directory.join(&name[..DIRECTORY_DIGITS]).join(name)
}

/// Makes a directory that nobody else may enter.
pub(crate) fn make_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(OWNER_ONLY_DIRECTORY).create(directory)
}

/// Copies every blob below `from` to below `to`: by links where both are on one file system, since blobs never change.
pub fn copy_all(from: &Path, to: &Path) -> io::Result<u64> {
    let mut count = 0;
    for directory in entries(from)? {
        // What is not a directory of blobs is an upload that has not ended.
        let is_blobs = directory.file_name().is_some_and(|name| name.len() == DIRECTORY_DIGITS);
        if !is_blobs || !directory.is_dir() {
            continue;
        }
        let Some(copies) = directory.file_name().map(|name| to.join(name)) else { continue };
        make_directory(&copies)?;
        for blob in entries(&directory)? {
            let Some(copy) = blob.file_name().map(|name| copies.join(name)) else { continue };
            match fs::hard_link(&blob, &copy).or_else(|_| fs::copy(&blob, &copy).map(|_| ())) {
                // It was deleted a moment ago; nothing refers to it.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(()) => count += 1,
            }
        }
    }
    Ok(count)
}

/// What a directory holds; nothing if there is none.
fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Ok(found) => found.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Moves a file, whose bytes are on the disk already, to its place, for good.
fn put(draft: &Path, target: &Path) -> io::Result<()> {
    let directory = target.parent().ok_or(ErrorKind::InvalidInput)?;
    if !directory.exists() {
        make_directory(directory)?;
        if let Some(above) = directory.parent() {
            File::open(above)?.sync_all()?;
        }
    }
    fs::rename(draft, target)?;
    File::open(directory)?.sync_all()
}

fn open_at(path: &Path, start: u64) -> io::Result<File> {
    let mut file = File::open(path)?;
    if start > 0 {
        file.seek(SeekFrom::Start(start))?;
    }
    Ok(file)
}

fn explain(path: PathBuf, hash: &BlobHash, source: io::Error) -> BlobError {
    if source.kind() == ErrorKind::NotFound {
        BlobError::Missing(*hash)
    } else {
        BlobError::File { path, source }
    }
}
