//! What another server answers when it is asked for a file: the file in a multipart body, the file alone, where it
//! is, or why it is not given.

use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use http::{HeaderMap, header};
use kith_base::outgoing::{OutgoingError, OutgoingStream};
use serde::Deserialize;

use super::{
    Refused, RemoteError, Said,
    multipart::{Multipart, Piece},
};

/// How much is read of an answer that says no.
const REFUSAL_BYTES_MAX: usize = 16 * 1024;
/// What may come around a file in a multipart body.
const AROUND_BYTES: u64 = 128 * 1024;

type Body = BoxStream<'static, Result<Bytes, OutgoingError>>;

/// Where the file is.
pub(super) enum Answer {
    /// Here.
    File(Box<Incoming>),
    /// There.
    Location(String),
}

/// A file as it arrives.
pub(super) struct Incoming {
    body: Body,
    multipart: Option<Multipart>,
    said: Said,
    /// In a multipart body: where the file is instead.
    location: Option<String>,
    ended: bool,
}

/// How large a whole answer may be that holds a file of `file_bytes_max`.
pub(super) fn bytes_max(file_bytes_max: u64) -> usize {
    usize::try_from(file_bytes_max.saturating_add(AROUND_BYTES)).unwrap_or(usize::MAX)
}

impl Answer {
    /// The answer of the endpoint for servers.
    pub(super) async fn of_federation(answer: OutgoingStream) -> Result<Self, RemoteError> {
        let content_type = text(&answer.headers, &header::CONTENT_TYPE).unwrap_or_default();
        let multipart = Multipart::new(content_type).map_err(unusable)?;
        let mut incoming = Incoming {
            body: answer.body,
            multipart: Some(multipart),
            said: Said::default(),
            location: None,
            ended: false,
        };
        incoming.read_headers().await?;
        Ok(match incoming.location.take() {
            Some(url) => Self::Location(url),
            None => Self::File(Box::new(incoming)),
        })
    }

    /// The answer of the older endpoint for everybody.
    pub(super) fn of_download(url: &str, answer: OutgoingStream) -> Result<Self, RemoteError> {
        if answer.status < 300 {
            return Ok(Self::File(Box::new(Incoming::plain(answer))));
        }
        let location = text(&answer.headers, &header::LOCATION);
        let target = location.and_then(|location| kith_base::outgoing::follow(url, location));
        target.map(Self::Location).ok_or_else(|| unusable("a redirect to nowhere"))
    }
}

impl Incoming {
    /// An answer that is the file.
    pub(super) fn plain(answer: OutgoingStream) -> Self {
        let said = Said::new(
            text(&answer.headers, &header::CONTENT_TYPE),
            text(&answer.headers, &header::CONTENT_DISPOSITION),
        );
        Self { body: answer.body, multipart: None, said, location: None, ended: false }
    }

    /// What was said of the file.
    pub(super) fn said(self) -> Said {
        self.said
    }

    /// The next bytes of the file.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, RemoteError> {
        if self.multipart.is_none() {
            return self.body.next().await.transpose().map_err(broken);
        }
        match self.next_piece().await? {
            Some(Piece::Data(bytes)) => Ok(Some(bytes)),
            Some(Piece::Headers(_) | Piece::End) | None => Ok(None),
        }
    }

    async fn read_headers(&mut self) -> Result<(), RemoteError> {
        if let Some(Piece::Headers(headers)) = self.next_piece().await? {
            self.said = Said::new(headers.content_type.as_deref(), headers.content_disposition.as_deref());
            self.location = headers.location;
        }
        Ok(())
    }

    async fn next_piece(&mut self) -> Result<Option<Piece>, RemoteError> {
        let Some(multipart) = self.multipart.as_mut().filter(|_| !self.ended) else { return Ok(None) };
        loop {
            if let Some(piece) = multipart.piece().map_err(unusable)? {
                self.ended = piece == Piece::End;
                return Ok(Some(piece));
            }
            let Some(bytes) = self.body.next().await else {
                // A file without its last separator may have lost its end.
                return Err(unusable("the answer is cut off"));
            };
            multipart.push(&bytes.map_err(broken)?);
        }
    }
}

/// Why a server said no.
pub(super) async fn refusal(status: u16, mut body: Body) -> Refused {
    #[derive(Deserialize)]
    struct Error {
        errcode: String,
    }
    let mut text = Vec::new();
    while let Some(Ok(bytes)) = body.next().await {
        text.extend_from_slice(&bytes);
        if text.len() > REFUSAL_BYTES_MAX {
            break;
        }
    }
    let errcode = serde_json::from_slice::<Error>(&text).map(|error| error.errcode).unwrap_or_default();
    match (status, errcode.as_str()) {
        // Servers of old say it with 400, or in no words at all.
        (400 | 404 | 405, "M_UNRECOGNIZED") | (404 | 405, "") => Refused::Unrecognized,
        (404, _) => Refused::Because(RemoteError::NotFound),
        (504, "M_NOT_YET_UPLOADED") => Refused::Because(RemoteError::NotYetUploaded),
        (_, "M_TOO_LARGE") => Refused::Because(RemoteError::TooLarge),
        _ => Refused::Because(RemoteError::Unreachable(format!("the server answered {status}"))),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn unusable(cause: impl std::fmt::Display) -> RemoteError {
    RemoteError::Unreachable(cause.to_string())
}

fn broken(error: OutgoingError) -> RemoteError {
    match error {
        OutgoingError::TooLarge(_) => RemoteError::TooLarge,
        other => RemoteError::Unreachable(other.to_string()),
    }
}
