//! Going through all files, and deleting those that are not wanted any more.

use kith_store::{
    Direction, Error, ServerSid,
    tables::media::{MEDIA, MEDIA_ACCESS, MediaRecord},
};

use crate::{Media, MediaKey};

/// How many files are looked at in one step.
const STEP_FILES: usize = 500;

/// Says of a file, by what is known of it and when somebody last looked at it, that it shall go.
pub(crate) type Unwanted<'a> = &'a dyn Fn(&MediaKey, &MediaRecord, u64) -> bool;

/// What one step came to.
pub(crate) struct Step {
    /// The files that have gone.
    pub(crate) gone: Vec<MediaKey>,
    /// Where to go on.
    pub(crate) next: Option<MediaKey>,
}

/// Before every file.
pub(crate) fn beginning() -> MediaKey {
    (ServerSid(0), String::new())
}

impl Media {
    /// Deletes what is unwanted of all files. Answers what has gone.
    pub(crate) fn clear(&self, unwanted: Unwanted<'_>) -> Result<Vec<MediaKey>, Error> {
        let (mut gone, mut from) = (Vec::new(), Some(beginning()));
        while let Some(key) = from {
            let step = self.clear_step(&key, unwanted)?;
            gone.extend(step.gone);
            from = step.next;
        }
        Ok(gone)
    }

    /// Deletes what is unwanted of the next files.
    pub(crate) fn clear_step(&self, from: &MediaKey, unwanted: Unwanted<'_>) -> Result<Step, Error> {
        let read = self.store.engine();
        let (mut marked, mut last, mut count) = (Vec::new(), None, 0);
        for row in MEDIA.range(read, from, &u64::MAX, Direction::Forward).take(STEP_FILES) {
            let (key, record) = row?;
            count += 1;
            if unwanted(&key, &record, self.seen_ms(&key, &record)?) {
                marked.push(key.clone());
            }
            last = Some(key);
        }
        let mut gone = Vec::new();
        if !marked.is_empty() {
            self.write::<(), Error>(|read, txn, references| {
                let mut files = Vec::new();
                for key in marked {
                    // Somebody may have looked at it in the meantime.
                    if let Some(record) = MEDIA.get(read, &key)?
                        && unwanted(&key, &record, self.seen_ms(&key, &record)?)
                    {
                        gone.push(key.clone());
                        files.push((key, record));
                    }
                }
                Self::delete_records(read, txn, references, &files)
            })?;
        }
        // The next possible key is the last one with a character more.
        let next = last.filter(|_| count == STEP_FILES).map(|(server, id)| (server, format!("{id}\0")));
        Ok(Step { gone, next })
    }

    fn seen_ms(&self, key: &MediaKey, record: &MediaRecord) -> Result<u64, Error> {
        Ok(MEDIA_ACCESS.get(self.store.engine(), key)?.unwrap_or(record.created_ms))
    }
}
