//! Blobs as objects of an S3-compatible store.

use std::{
    fs::File,
    io::{self, Read, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture};
use kith_base::Tasks;
use kith_config::MediaS3;
use kith_store::tables::media::BlobHash;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, aws::AmazonS3Builder,
};

use super::{BlobError, Blobs, ByteStream, LocalBlob, name};

/// How many bytes are sent to the store at once. The store wants at least five MiB in every part but the last.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// Blobs in an object store.
pub struct ObjectBlobs {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    tasks: Tasks,
}

impl ObjectBlobs {
    /// Blobs in any store; the names of its objects begin with `prefix`.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str, tasks: Tasks) -> Self {
        Self { store, prefix: prefix.to_owned(), tasks }
    }

    /// Blobs in the configured bucket.
    pub fn s3(config: &MediaS3, tasks: Tasks) -> Result<Self, BlobError> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(config.bucket.as_deref().unwrap_or_default())
            .with_virtual_hosted_style_request(config.virtual_hosted_style);
        if let Some(region) = &config.region {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = &config.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some(id) = &config.access_key_id {
            builder = builder.with_access_key_id(id);
        }
        if let Some(secret) = &config.secret_access_key {
            builder = builder.with_secret_access_key(secret.reveal());
        }
        Ok(Self::new(Arc::new(builder.build()?), &config.prefix, tasks))
    }

    fn location(&self, hash: &BlobHash) -> object_store::path::Path {
        object_store::path::Path::from(format!("{}{}", self.prefix, name(hash)))
    }

    async fn send(&self, location: &object_store::path::Path, draft: &Path) -> Result<(), BlobError> {
        let path = draft.to_owned();
        let open = move || File::open(&path).map_err(|source| BlobError::File { path, source });
        let file = self.tasks.blocking(open).await?;
        let (file, first) = self.read_part(draft, file).await?;
        if first.len() < PART_BYTES {
            self.store.put(location, first.into()).await?;
            return Ok(());
        }
        let mut upload = self.store.put_multipart(location).await?;
        match self.send_parts(&mut *upload, draft, file, first).await {
            Ok(()) => {
                upload.complete().await?;
                Ok(())
            }
            Err(error) => {
                if let Err(left_over) = upload.abort().await {
                    tracing::warn!(%left_over, "the parts of a failed upload stay in the object store");
                }
                Err(error)
            }
        }
    }

    async fn send_parts(
        &self,
        upload: &mut dyn MultipartUpload,
        draft: &Path,
        mut file: File,
        mut part: Bytes,
    ) -> Result<(), BlobError> {
        while !part.is_empty() {
            upload.put_part(PutPayload::from(part)).await?;
            (file, part) = self.read_part(draft, file).await?;
        }
        Ok(())
    }

    async fn read_part(&self, draft: &Path, mut file: File) -> Result<(File, Bytes), BlobError> {
        let path = draft.to_owned();
        let read = move || {
            let mut part = Vec::with_capacity(PART_BYTES);
            let read = (&mut file).take(PART_BYTES as u64).read_to_end(&mut part);
            read.map(|_| (file, part.into())).map_err(|source| BlobError::File { path, source })
        };
        self.tasks.blocking(read).await
    }

    async fn fetch(&self, hash: &BlobHash, scratch: &Path) -> Result<LocalBlob, BlobError> {
        let wrong = |source| BlobError::File { path: scratch.to_owned(), source };
        let found = self.store.get(&self.location(hash)).await.map_err(|error| explain(hash, error))?;
        let path: PathBuf = scratch.to_owned();
        let mut file = self.tasks.blocking(move || File::create_new(path)).await.map_err(wrong)?;
        let local = LocalBlob::temporary(scratch.to_owned());
        let mut stream = found.into_stream();
        while let Some(bytes) = stream.try_next().await? {
            let write = move || file.write_all(&bytes).map(|()| file);
            file = self.tasks.blocking(write).await.map_err(wrong)?;
        }
        Ok(local)
    }
}

impl Blobs for ObjectBlobs {
    fn put<'a>(&'a self, hash: &'a BlobHash, draft: &'a Path) -> BoxFuture<'a, Result<(), BlobError>> {
        let location = self.location(hash);
        async move { self.send(&location, draft).await }.boxed()
    }

    fn read<'a>(
        &'a self,
        hash: &'a BlobHash,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<ByteStream, BlobError>> {
        async move {
            if range.is_empty() {
                // A store refuses to answer with nothing.
                return Ok(futures_util::stream::empty().boxed());
            }
            let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
            let found = self.store.get_opts(&self.location(hash), options).await;
            let found = found.map_err(|error| explain(hash, error))?;
            Ok(found.into_stream().map_err(io::Error::other).boxed())
        }
        .boxed()
    }

    fn local<'a>(
        &'a self,
        hash: &'a BlobHash,
        scratch: &'a Path,
    ) -> BoxFuture<'a, Result<LocalBlob, BlobError>> {
        self.fetch(hash, scratch).boxed()
    }

    fn size<'a>(&'a self, hash: &'a BlobHash) -> BoxFuture<'a, Result<Option<u64>, BlobError>> {
        async move {
            match self.store.head(&self.location(hash)).await {
                Ok(found) => Ok(Some(found.size)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }
        .boxed()
    }

    fn delete<'a>(&'a self, hash: &'a BlobHash) -> BoxFuture<'a, Result<(), BlobError>> {
        async move {
            match self.store.delete(&self.location(hash)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error.into()),
            }
        }
        .boxed()
    }
}

fn explain(hash: &BlobHash, error: object_store::Error) -> BlobError {
    match error {
        object_store::Error::NotFound { .. } => BlobError::Missing(*hash),
        other => other.into(),
    }
}
