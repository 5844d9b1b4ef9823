//! The index of messages on disk: its fields, how it is opened, and how far it has come.
//!
//! Nothing of a message is stored in it but the numbers by which it is found in the store again.

mod gather;

use std::{
    io,
    path::{Path, PathBuf},
};

use kith_store::{Position, RoomSid};
use serde::{Deserialize, Serialize};
use tantivy::{
    IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term,
    directory::MmapDirectory,
    indexer::IndexWriterOptions,
    query::Query,
    schema::{Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{PreTokenizedString, Token},
};

pub use self::gather::Order;
pub(crate) use self::gather::{Gather, Hit, Mark};
use crate::{text::Text, words};

/// Changes with the fields below and with what words become: an index of another format is made again.
const FORMAT: u32 = 1;
const MIB: usize = 1024 * 1024;
/// The most that the library takes.
const MEMORY_MIB_MAX: u64 = 4_000;

/// Why the index of messages does not work.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The library refuses.
    #[error("the index of messages: {0}")]
    Index(#[from] tantivy::TantivyError),
    /// Its directory cannot be used.
    #[error("the index of messages in {}: {source}", path.display())]
    Directory {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The index of messages.
pub(crate) struct Index {
    index: tantivy::Index,
    reader: IndexReader,
    pub(crate) fields: Fields,
}

/// What a message is found by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    pub(crate) text: Field,
    pub(crate) event: Field,
    pub(crate) source: Field,
    pub(crate) room: Field,
    pub(crate) sender: Field,
    pub(crate) kind: Field,
    pub(crate) url: Field,
    pub(crate) timestamp: Field,
}

/// How far the index has come; part of each of its commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    format: u32,
    /// What arrived up to here is in the index …
    pub(crate) cursor: Position,
    /// … except for what was there before the index and has not been reached yet: everything from this place on.
    pub(crate) building: Option<(RoomSid, u64, i64)>,
}

impl Progress {
    /// An empty index, made now.
    pub(crate) fn fresh(now: Position) -> Self {
        Self { format: FORMAT, cursor: now, building: Some((RoomSid(0), 0, i64::MIN)) }
    }
}

/// Removes the index.
pub(crate) fn delete(directory: &Path) -> Result<(), IndexError> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(directory, error)),
        _ => Ok(()),
    }
}

impl Index {
    /// Opens the index in `directory`. One that is damaged, of another format, or ahead of the store (because the
    /// store is an older copy) gives way to an empty one.
    pub(crate) fn open(directory: &Path, visible: Position) -> Result<(Self, Progress), IndexError> {
        match Self::open_as_it_is(directory) {
            Ok((index, Some(progress))) if progress.format == FORMAT && progress.cursor <= visible => {
                return Ok((index, progress));
            }
            Ok((_, None)) => {}
            Ok((_, Some(_))) => tracing::info!("the index of messages does not fit and is made again"),
            Err(error) => tracing::warn!(%error, "the index of messages is damaged and is made again"),
        }
        delete(directory)?;
        let (index, _) = Self::open_as_it_is(directory)?;
        Ok((index, Progress::fresh(visible)))
    }

    fn open_as_it_is(directory: &Path) -> Result<(Self, Option<Progress>), IndexError> {
        std::fs::create_dir_all(directory).map_err(|error| at(directory, error))?;
        let files = MmapDirectory::open(directory).map_err(tantivy::TantivyError::from)?;
        let (schema, fields) = schema();
        let index = tantivy::Index::open_or_create(files, schema)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let index = Self { index, reader, fields };
        let progress = index.progress()?;
        Ok((index, progress))
    }

    /// How far the last commit had come.
    pub(crate) fn progress(&self) -> Result<Option<Progress>, IndexError> {
        let payload = self.index.load_metas()?.payload;
        Ok(payload.and_then(|payload| serde_json::from_str(&payload).ok()))
    }

    /// The one writer there may be.
    pub(crate) fn writer(&self, memory_mib: u64) -> Result<IndexWriter, IndexError> {
        let memory_mib = usize::try_from(memory_mib.min(MEMORY_MIB_MAX)).unwrap_or(usize::MAX);
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(memory_mib * MIB)
            .build();
        Ok(self.index.writer_with_options(options)?)
    }

    /// Lets searches see what was committed last.
    pub(crate) fn reload(&self) -> Result<(), IndexError> {
        Ok(self.reader.reload()?)
    }

    /// How many messages are in it.
    pub(crate) fn count(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// What the query finds, best first.
    pub(crate) fn search(&self, query: &dyn Query, gather: &Gather) -> Result<Vec<Hit>, IndexError> {
        Ok(self.reader.searcher().search(query, gather)?)
    }
}

impl Fields {
    /// Names the documents of an event, of a sender, of a room.
    pub(crate) fn term(field: Field, number: u64) -> Term {
        Term::from_field_u64(field, number)
    }

    /// A message as the index takes it.
    pub(crate) fn document(&self, text: &Text) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        let tokens = words::tokens(&text.text).into_iter().map(|token| Token {
            offset_from: 0,
            offset_to: 0,
            position: token.position,
            text: token.text,
            position_length: 1,
        });
        let tokens = PreTokenizedString { text: String::new(), tokens: tokens.collect() };
        document.add_pre_tokenized_text(self.text, tokens);
        document.add_u64(self.event, text.event.0);
        document.add_u64(self.source, text.source.0);
        document.add_u64(self.room, text.room.0);
        document.add_u64(self.sender, text.sender.0);
        document.add_u64(self.kind, text.kind as u64);
        document.add_u64(self.url, u64::from(text.has_url));
        document.add_u64(self.timestamp, text.timestamp_ms);
        document
    }
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let text = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(true)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let indexed = NumericOptions::default().set_indexed();
    let fast = NumericOptions::default().set_fast();
    let both = NumericOptions::default().set_indexed().set_fast();
    let fields = Fields {
        text: builder.add_text_field("text", TextOptions::default().set_indexing_options(text)),
        event: builder.add_u64_field("event", both.clone()),
        source: builder.add_u64_field("source", fast.clone()),
        room: builder.add_u64_field("room", both),
        sender: builder.add_u64_field("sender", indexed.clone()),
        kind: builder.add_u64_field("kind", indexed.clone()),
        url: builder.add_u64_field("url", indexed),
        timestamp: builder.add_u64_field("timestamp", fast),
    };
    (builder.build(), fields)
}

fn at(path: &Path, source: io::Error) -> IndexError {
    IndexError::Directory { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
