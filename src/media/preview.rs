//! Previews of web pages: what a page says of itself, and its picture as a file of this server.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediapreview_url>

mod charset;
mod entities;
mod oembed;
mod page;
mod properties;

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use http::header;
use kith_base::outgoing::OutgoingStream;
use kith_store::{
    Error,
    tables::media::{BlobHash, MediaRecord, MediaSource, URL_PREVIEWS, UrlPreviewRecord},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    Media,
    draft::Finished,
    error::StorageError,
    media_id,
    remote::{VisitError, Visited},
    thumbnail,
};

use page::Page;

/// How many pages are visited at the same time; more wait.
pub(crate) const VISITS_MAX: usize = 16;
/// What may come after the part of an answer that is looked at, in bytes. Reading ends before.
const UNREAD_BYTES: usize = 64 * 1024 * 1024;
/// How much of an oEmbed answer is read.
const OEMBED_BYTES_MAX: usize = 256 * 1024;
/// How pages see this server. Many only describe themselves to what says it is a bot.
const USER_AGENT: &str =
    concat!("Mozilla/5.0 (compatible; Kith/", env!("CARGO_PKG_VERSION"), "; bot; URL preview)");

/// Why there is no preview.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PreviewError {
    /// The operator wants none.
    #[error("previews are switched off on this server")]
    Off,
    /// It is no URL of the web.
    #[error("this is no URL that can be previewed")]
    BadUrl,
    /// The URL, or where it leads, may not be visited.
    #[error("this address may not be visited")]
    Denied,
    /// There is nothing to see.
    #[error("the page cannot be fetched: {0}")]
    Unreachable(String),
    /// Something here failed; the log says what.
    #[error("making the preview failed")]
    Failed,
}

/// A picture that has become a file here.
struct Picture {
    media_id: String,
    content_type: &'static str,
    size_bytes: u64,
    width: u32,
    height: u32,
}

impl Media {
    /// The properties of the page at a URL, as a JSON object.
    pub async fn preview(self: &Arc<Self>, url: &str) -> Result<String, PreviewError> {
        if !self.config.url_previews.enabled {
            return Err(PreviewError::Off);
        }
        let url = self.visitor.check(url)?;
        let key: BlobHash = Sha256::digest(url.as_str().as_bytes()).into();
        let media = Arc::clone(self);
        let kept = self.tasks.blocking(move || URL_PREVIEWS.get(media.store.engine(), &key)).await;
        let cache_ms = self.config.url_previews.cache_seconds.saturating_mul(1_000);
        if let Some(record) = kept.map_err(failed)?
            && self.clock.now_ms().saturating_sub(record.fetched_ms) < cache_ms
        {
            return Ok(record.properties);
        }
        let media = Arc::clone(self);
        let work = move || async move { media.make_preview(key, url).await };
        self.previews.join(&self.tasks, key, work).await.unwrap_or(Err(PreviewError::Failed))
    }

    async fn make_preview(self: Arc<Self>, key: BlobHash, url: Url) -> Result<String, PreviewError> {
        // The semaphore is never closed.
        let _permit = self.visiting.acquire().await.map_err(|_| PreviewError::Failed)?;
        let time = Duration::from_millis(self.config.url_previews.timeout_ms);
        let late = || PreviewError::Unreachable("it does not answer in time".to_owned());
        let looked = tokio::time::timeout(time, self.look_at(&url)).await;
        let properties = Value::Object(looked.map_err(|_| late())??).to_string();
        let record = UrlPreviewRecord {
            url: url.into(),
            properties: properties.clone(),
            fetched_ms: self.clock.now_ms(),
        };
        let media = Arc::clone(&self);
        let put = move || {
            media.write::<(), Error>(|_, txn, _| {
                URL_PREVIEWS.put(&mut txn.batch, &key, &record);
                Ok(())
            })
        };
        self.tasks.blocking(put).await.map_err(failed)?;
        Ok(properties)
    }

    async fn look_at(self: &Arc<Self>, url: &Url) -> Result<Map<String, Value>, PreviewError> {
        if let Some(endpoint) = oembed::endpoint(url)
            && let Some(page) = self.ask_oembed(endpoint.as_str()).await
        {
            return Ok(self.finish(url, page).await);
        }
        let settings = &self.config.url_previews;
        let headers = [
            ("accept", "text/html,application/xhtml+xml,image/*;q=0.9,*/*;q=0.5"),
            ("accept-language", settings.accept_language.as_str()),
            ("user-agent", USER_AGENT),
        ];
        let bytes_max = settings.page_bytes_max.max(settings.image_bytes_max).saturating_add(UNREAD_BYTES);
        let Visited { url, answer } = self.visitor.visit(url.as_str(), &headers, bytes_max).await?;
        let content_type = header_text(&answer, &header::CONTENT_TYPE).to_ascii_lowercase();
        if content_type.starts_with("image/") {
            let picture = self.keep_picture(answer).await;
            return Ok(properties::of(Page::default(), picture.map(|picture| self.shown(picture))));
        }
        if !content_type.starts_with("text/html") && !content_type.starts_with("application/xhtml+xml") {
            return Ok(Map::new());
        }
        let text = read_at_most(answer, settings.page_bytes_max).await;
        let read = move || page::read(&text, charset::of(&content_type));
        let mut page = self.tasks.blocking(read).await;
        if let Some(target) = page.oembed.as_deref().and_then(|target| url.join(target).ok())
            && !page.is_complete()
            && let Some(more) = self.ask_oembed(target.as_str()).await
        {
            page.complete_with(more);
        }
        Ok(self.finish(&url, page).await)
    }

    /// What an oEmbed endpoint says. If it says nothing of use, the page still may.
    async fn ask_oembed(&self, endpoint: &str) -> Option<Page> {
        let headers = [("accept", "application/json"), ("user-agent", USER_AGENT)];
        let visited = self.visitor.visit(endpoint, &headers, OEMBED_BYTES_MAX).await.ok()?;
        let text = read_at_most(visited.answer, OEMBED_BYTES_MAX).await;
        self.tasks.blocking(move || oembed::read(&text)).await
    }

    /// The properties of a page, its picture fetched.
    async fn finish(self: &Arc<Self>, url: &Url, mut page: Page) -> Map<String, Value> {
        let target = page.take_image().and_then(|image| url.join(&image).ok());
        let picture = match target {
            Some(target) => self.fetch_picture(&target).await,
            None => None,
        };
        properties::of(page, picture.map(|picture| self.shown(picture)))
    }

    async fn fetch_picture(self: &Arc<Self>, url: &Url) -> Option<Picture> {
        let headers = [("accept", "image/*"), ("user-agent", USER_AGENT)];
        let bytes_max = self.config.url_previews.image_bytes_max;
        let visited = self.visitor.visit(url.as_str(), &headers, bytes_max).await.ok()?;
        self.keep_picture(visited.answer).await
    }

    /// Makes a file of a picture, if it is one.
    async fn keep_picture(self: &Arc<Self>, mut answer: OutgoingStream) -> Option<Picture> {
        let bytes_max = self.config.url_previews.image_bytes_max as u64;
        let mut draft = self.drafts.open().await.ok()?;
        while let Some(bytes) = answer.body.next().await {
            let bytes = bytes.ok()?;
            if draft.size_bytes() + bytes.len() as u64 > bytes_max {
                return None;
            }
            draft.write(bytes).await.ok()?;
        }
        let finished = draft.finish().await.ok()?;
        let path = finished.path().to_owned();
        let look = move || thumbnail::dimensions(Path::new(&path));
        let (width, height, content_type) = self.tasks.blocking(look).await?;
        let size_bytes = finished.size_bytes;
        let media_id = self.put_picture(finished, content_type).await.map_err(failed).ok()?;
        Some(Picture { media_id, content_type, size_bytes, width, height })
    }

    async fn put_picture(
        self: &Arc<Self>,
        finished: Finished,
        content_type: &str,
    ) -> Result<String, StorageError> {
        let media_id = media_id::make(&self.random);
        let record = MediaRecord {
            sha256: finished.sha256,
            size_bytes: finished.size_bytes,
            content_type: Some(content_type.to_owned()),
            file_name: None,
            owner: None,
            created_ms: self.clock.now_ms(),
            source: MediaSource::Preview,
            quarantined_by: None,
            protected: false,
        };
        let key = (self.own_server, media_id.clone());
        let put = move |media: &Self| {
            media.write::<(), StorageError>(|read, txn, references| {
                Ok(Self::put_record(read, txn, references, &key, &record)?)
            })
        };
        self.keep(finished, put).await?;
        Ok(media_id)
    }

    fn shown(&self, picture: Picture) -> properties::Image {
        properties::Image {
            uri: self.uri(&picture.media_id).to_string(),
            content_type: picture.content_type,
            size_bytes: picture.size_bytes,
            width: picture.width,
            height: picture.height,
        }
    }
}

/// The beginning of an answer. What breaks off is taken as far as it came.
async fn read_at_most(mut answer: OutgoingStream, bytes_max: usize) -> Vec<u8> {
    let mut text = Vec::new();
    while let Some(Ok(bytes)) = answer.body.next().await {
        let bytes: Bytes = bytes;
        let room = bytes_max.saturating_sub(text.len());
        text.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if text.len() >= bytes_max {
            break;
        }
    }
    text
}

fn header_text<'a>(answer: &'a OutgoingStream, name: &header::HeaderName) -> &'a str {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn failed(cause: impl std::fmt::Display) -> PreviewError {
    tracing::error!(%cause, "a preview could not be kept");
    PreviewError::Failed
}

impl From<VisitError> for PreviewError {
    fn from(error: VisitError) -> Self {
        match error {
            VisitError::BadUrl => Self::BadUrl,
            VisitError::Denied => Self::Denied,
            VisitError::TooManyRedirects
            | VisitError::TooLarge
            | VisitError::Status(_)
            | VisitError::Unreachable(_) => Self::Unreachable(error.to_string()),
        }
    }
}
