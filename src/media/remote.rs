//! Files of other servers: fetched when somebody asks for one, kept as long as somebody does.
//! <https://spec.matrix.org/v1.19/server-server-api/#content-repository>

mod answer;
pub mod multipart;
mod visit;

use std::{sync::Arc, time::Duration};

use kith_base::outgoing::OutgoingStream;
use kith_peers::{Patience, PeerError};
use kith_store::{
    ServerSid,
    tables::media::{MEDIA, MediaRecord, MediaSource},
};
use ruma::{OwnedServerName, http_headers::ContentDisposition};

use crate::{Media, draft::Finished, error::StorageError};

pub(crate) use visit::{VisitError, Visited, Visitor};

use answer::{Answer, Incoming};

/// How many files are fetched at the same time; more wait.
pub(crate) const FETCHES_MAX: usize = 64;
/// How long a content type is kept.
const CONTENT_TYPE_BYTES_MAX: usize = 255;
/// How long a file's name is kept.
const FILE_NAME_BYTES_MAX: usize = 1_024;

/// Why another server's file is not here.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RemoteError {
    /// The server has no such file.
    #[error("there is no such media")]
    NotFound,
    /// The server waits for it to be uploaded.
    #[error("the content has not been uploaded yet")]
    NotYetUploaded,
    /// It is larger than files of other servers may be.
    #[error("the file is too large to be fetched")]
    TooLarge,
    /// The server cannot be reached, or answers with something else.
    #[error("the file cannot be fetched: {0}")]
    Unreachable(String),
    /// Something here failed; the log says what.
    #[error("fetching the file failed")]
    Failed,
}

/// What another server says of a file it sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    content_type: Option<String>,
    file_name: Option<String>,
}

impl Said {
    fn new(content_type: Option<&str>, disposition: Option<&str>) -> Self {
        let name = disposition.and_then(|text| text.parse::<ContentDisposition>().ok()?.filename);
        Self {
            content_type: content_type.filter(|text| text.len() <= CONTENT_TYPE_BYTES_MAX).map(str::to_owned),
            file_name: name.filter(|name| name.len() <= FILE_NAME_BYTES_MAX),
        }
    }
}

impl Media {
    /// Fetches a file of another server, unless that is being done already. Answers the server's number.
    pub(crate) async fn fetch(
        self: &Arc<Self>,
        wanted: (OwnedServerName, String),
        patience: Duration,
    ) -> Result<ServerSid, RemoteError> {
        let (media, key) = (Arc::clone(self), wanted.clone());
        let work = move || async move {
            let time = Duration::from_millis(media.config.media.remote_timeout_ms);
            let fetching = media.fetch_now(&wanted.0, &wanted.1, patience);
            let late = || RemoteError::Unreachable("the file did not arrive in time".to_owned());
            tokio::time::timeout(time, fetching).await.unwrap_or_else(|_| Err(late()))
        };
        self.fetches.join(&self.tasks, key, work).await.unwrap_or(Err(RemoteError::Failed))
    }

    async fn fetch_now(
        self: &Arc<Self>,
        server: &OwnedServerName,
        media_id: &str,
        patience: Duration,
    ) -> Result<ServerSid, RemoteError> {
        // The semaphore is never closed.
        let _permit = self.fetching.acquire().await.map_err(|_| RemoteError::Failed)?;
        let answer = self.ask(server, media_id, patience).await?;
        let (finished, said) = self.receive_remote(answer).await?;
        let record = MediaRecord {
            sha256: finished.sha256,
            size_bytes: finished.size_bytes,
            content_type: said.content_type,
            file_name: said.file_name,
            owner: None,
            created_ms: self.clock.now_ms(),
            source: MediaSource::Remote,
            quarantined_by: None,
            protected: false,
        };
        let (server, id) = (server.clone(), media_id.to_owned());
        let kept: Result<ServerSid, StorageError> =
            self.keep(finished, move |media| media.put_remote(&server, id, &record)).await;
        kept.map_err(failed)
    }

    /// Asks for the file where servers give it to servers, and at the older place if there is no such.
    async fn ask(
        &self,
        server: &OwnedServerName,
        media_id: &str,
        patience: Duration,
    ) -> Result<Answer, RemoteError> {
        let wait_ms = patience.as_millis();
        // A media id holds nothing that would have to be encoded.
        let path = format!("/_matrix/federation/v1/media/download/{media_id}?timeout_ms={wait_ms}");
        match self.ask_at(server, &path).await {
            Err(Refused::Unrecognized) => {}
            Err(Refused::Because(error)) => return Err(error),
            Ok(stream) => return Answer::of_federation(stream).await,
        }
        let path = format!(
            "/_matrix/media/v3/download/{server}/{media_id}?allow_remote=false&allow_redirect=true&timeout_ms={wait_ms}"
        );
        match self.ask_at(server, &path).await {
            Err(Refused::Unrecognized) => Err(RemoteError::NotFound),
            Err(Refused::Because(error)) => Err(error),
            // Redirects of the older endpoint are absolute, but one never knows.
            Ok(stream) => Answer::of_download(&format!("https://{server}{path}"), stream),
        }
    }

    async fn ask_at(&self, server: &OwnedServerName, path: &str) -> Result<OutgoingStream, Refused> {
        let patience = Patience::of_ms(self.config.media.remote_timeout_ms);
        let bytes_max = answer::bytes_max(self.config.media.remote_bytes_max);
        let stream = self.peers.stream(server, path, patience, bytes_max).await.map_err(Refused::from)?;
        match stream.status {
            200..=399 => Ok(stream),
            status => Err(answer::refusal(status, stream.body).await),
        }
    }

    /// Writes a file to the disk, from wherever it is in the end.
    async fn receive_remote(&self, answer: Answer) -> Result<(Finished, Said), RemoteError> {
        let max = self.config.media.remote_bytes_max;
        let mut incoming: Incoming = match answer {
            Answer::File(incoming) => *incoming,
            Answer::Location(url) => {
                let visited = self.visitor.visit(&url, &[], answer::bytes_max(max)).await;
                let visited = visited.map_err(|error| match error {
                    VisitError::TooLarge => RemoteError::TooLarge,
                    other => RemoteError::Unreachable(other.to_string()),
                })?;
                Incoming::plain(visited.answer)
            }
        };
        let mut draft = self.drafts.open().await.map_err(failed)?;
        while let Some(bytes) = incoming.next().await? {
            if draft.size_bytes() + bytes.len() as u64 > max {
                return Err(RemoteError::TooLarge);
            }
            draft.write(bytes).await.map_err(failed)?;
        }
        let finished = draft.finish().await.map_err(failed)?;
        Ok((finished, incoming.said()))
    }

    fn put_remote(
        &self,
        server: &OwnedServerName,
        media_id: String,
        record: &MediaRecord,
    ) -> Result<ServerSid, StorageError> {
        let server = self.store.ids().server(server)?;
        let key = (server, media_id);
        self.write(|read, txn, references| {
            // Two fetches of one file cannot be under way at the same time, but an earlier one may have been.
            if !MEDIA.contains(read, &key)? {
                Self::put_record(read, txn, references, &key, record)?;
            }
            Ok(server)
        })
    }
}

/// Why a server does not give a file.
enum Refused {
    /// It does not know the endpoint.
    Unrecognized,
    /// Something else.
    Because(RemoteError),
}

impl From<PeerError> for Refused {
    fn from(error: PeerError) -> Self {
        Self::Because(RemoteError::Unreachable(error.to_string()))
    }
}

fn failed(cause: impl std::fmt::Display) -> RemoteError {
    tracing::error!(%cause, "a file of another server could not be kept");
    RemoteError::Failed
}
