//! `multipart/mixed`, read as it arrives: two parts, of which the second is the file or says where it is.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediadownloadmediaid>
//!
//! Nothing here waits: bytes go in, pieces come out, and at most one separator's length of the file is held back.

use bytes::{Bytes, BytesMut};

/// How many bytes may come before the file begins: the separators, the first part, and the second part's headers.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long a boundary may be.
const BOUNDARY_BYTES_MAX: usize = 70;

/// A body being read.
pub struct Multipart {
    /// A line break, two dashes and the boundary.
    separator: Vec<u8>,
    buffer: BytesMut,
    stage: Stage,
    /// How much of the head has gone through the buffer.
    head_bytes: usize,
    /// How much of the buffer has been searched in vain: what comes in small pieces is not searched over and over.
    searched: usize,
    headers: PartHeaders,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before the first separator.
    Preamble,
    /// In the first part.
    Metadata,
    /// In the rest of the line of the second separator.
    SeparatorLine,
    /// In the headers of the second part.
    Headers,
    /// In the file.
    File,
    /// Behind the file.
    End,
}

/// What has been read.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// The headers of the second part.
    Headers(PartHeaders),
    /// A piece of the file.
    Data(Bytes),
    /// The file has ended.
    End,
}

/// The headers of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartHeaders {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Location`: where the file is instead.
    pub location: Option<String>,
}

/// The body is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// It is of another content type.
    #[error("the answer is not multipart/mixed with a boundary")]
    ContentType,
    /// The file does not begin.
    #[error("what comes before the file is too long")]
    TooLong,
}

impl Multipart {
    /// A reader for a body of this content type.
    pub fn new(content_type: &str) -> Result<Self, MultipartError> {
        let boundary = boundary(content_type).ok_or(MultipartError::ContentType)?;
        let mut separator = b"\r\n--".to_vec();
        separator.extend_from_slice(boundary.as_bytes());
        // The first separator may begin the body, without a line break before it.
        let buffer = BytesMut::from(&b"\r\n"[..]);
        let headers = PartHeaders::default();
        Ok(Self { separator, buffer, stage: Stage::Preamble, head_bytes: 0, searched: 0, headers })
    }

    /// Takes bytes in.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.stage != Stage::End {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// What the bytes so far amount to; `None` if more are needed.
    pub fn piece(&mut self) -> Result<Option<Piece>, MultipartError> {
        let piece = loop {
            let stage = self.stage;
            match stage {
                Stage::Preamble if self.skip_separator() => self.stage = Stage::Metadata,
                Stage::Metadata if self.skip_separator() => self.stage = Stage::SeparatorLine,
                Stage::SeparatorLine if self.take_line().is_some() => self.stage = Stage::Headers,
                Stage::Headers => match self.take_line() {
                    Some(line) if line.is_empty() => {
                        self.stage = Stage::File;
                        break Some(Piece::Headers(std::mem::take(&mut self.headers)));
                    }
                    Some(line) => self.note_header(&line),
                    None => break None,
                },
                Stage::File => break self.take_data(),
                Stage::Preamble | Stage::Metadata | Stage::SeparatorLine | Stage::End => break None,
            }
        };
        // The same for a head that is still coming and for one that came in one piece.
        let coming = if matches!(self.stage, Stage::File | Stage::End) { 0 } else { self.buffer.len() };
        if self.head_bytes + coming > HEAD_BYTES_MAX {
            return Err(MultipartError::TooLong);
        }
        Ok(piece)
    }

    /// Throws everything up to the next separator away, and it too.
    fn skip_separator(&mut self) -> bool {
        match search(&self.buffer, &mut self.searched, &self.separator) {
            Some(start) => {
                self.skip(start + self.separator.len());
                true
            }
            None => false,
        }
    }

    /// The next line of the head.
    fn take_line(&mut self) -> Option<String> {
        let end = search(&self.buffer, &mut self.searched, b"\n")?;
        let line = String::from_utf8_lossy(&self.buffer[..end]).trim().to_owned();
        self.skip(end + 1);
        Some(line)
    }

    /// Notes what a header of the second part says.
    fn note_header(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else { return };
        let value = Some(value.trim().to_owned());
        match name.trim().to_ascii_lowercase().as_str() {
            "content-type" => self.headers.content_type = value,
            "content-disposition" => self.headers.content_disposition = value,
            "location" => self.headers.location = value,
            _ => {}
        }
    }

    fn take_data(&mut self) -> Option<Piece> {
        if let Some(start) = find(&self.buffer, &self.separator) {
            let data = self.buffer.split_to(start).freeze();
            if data.is_empty() {
                self.stage = Stage::End;
                self.buffer.clear();
                return Some(Piece::End);
            }
            return Some(Piece::Data(data));
        }
        // What may be the beginning of the separator waits for more.
        let certain = self.buffer.len().checked_sub(self.separator.len() - 1).filter(|count| *count > 0)?;
        Some(Piece::Data(self.buffer.split_to(certain).freeze()))
    }

    fn skip(&mut self, count: usize) {
        self.head_bytes += count;
        self.searched = 0;
        // The bytes are no longer needed.
        let _skipped = self.buffer.split_to(count);
    }
}

/// The boundary that a content type names, if it is `multipart/mixed`.
fn boundary(content_type: &str) -> Option<&str> {
    let (essence, parameters) = content_type.split_once(';')?;
    if !essence.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    let named = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    })?;
    (!named.is_empty() && named.len() <= BOUNDARY_BYTES_MAX).then_some(named)
}

/// Where a pattern is in a buffer that grows, of which some has been searched before.
fn search(buffer: &[u8], searched: &mut usize, pattern: &[u8]) -> Option<usize> {
    let start = searched.saturating_sub(pattern.len() - 1);
    let found = find(buffer.get(start..)?, pattern).map(|at| start + at);
    if found.is_none() {
        *searched = buffer.len();
    }
    found
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    let (first, rest) = pattern.split_first()?;
    let mut start = 0;
    while let Some(offset) = bytes.get(start..)?.iter().position(|byte| byte == first) {
        let found = start + offset;
        if bytes[found + 1..].starts_with(rest) {
            return Some(found);
        }
        start = found + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TYPE: &str = "multipart/mixed; boundary=abcdef";

    /// Reads a body that comes in pieces of `step` bytes: headers and file, if it is complete.
    fn read(body: &[u8], step: usize) -> Result<Option<(PartHeaders, Vec<u8>)>, MultipartError> {
        let mut reader = Multipart::new(TYPE)?;
        let (mut headers, mut file) = (None, Vec::new());
        for bytes in body.chunks(step) {
            reader.push(bytes);
            while let Some(piece) = reader.piece()? {
                match piece {
                    Piece::Headers(found) => headers = Some(found),
                    Piece::Data(data) => {
                        assert!(!data.is_empty());
                        file.extend_from_slice(&data);
                    }
                    Piece::End => return Ok(headers.map(|headers| (headers, file))),
                }
            }
        }
        Ok(None)
    }

    fn body(file: &[u8]) -> Vec<u8> {
        let mut body = b"--abcdef\r\nContent-Type: application/json\r\n\r\n{}\r\n--abcdef\r\ncontent-TYPE: \
            text/plain\r\nContent-Disposition: inline; filename=a.txt\r\n\r\n"
            .to_vec();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--abcdef--\r\n");
        body
    }

    #[test]
    fn the_second_part_is_the_file() {
        let (headers, file) = read(&body(b"some text"), 1_000).expect("well-formed").expect("complete");
        assert_eq!(file, b"some text");
        assert_eq!(headers.content_type.as_deref(), Some("text/plain"));
        assert_eq!(headers.content_disposition.as_deref(), Some("inline; filename=a.txt"));
        assert_eq!(headers.location, None);
    }

    #[test]
    fn other_servers_write_it_in_other_ways() {
        let check = |body: &str, expected: &str| {
            for step in [1, 3, 1_000] {
                let found = read(body.as_bytes(), step).expect("well-formed").expect("complete");
                assert_eq!(String::from_utf8(found.1).expect("text"), expected, "{body:?}");
            }
        };
        check("\r\n--abcdef\r\n\r\n{}\r\n--abcdef\r\n\r\nfile\r\n--abcdef", "file");
        check("preamble\r\n--abcdef\r\n\r\n{}\r\n--abcdef\r\n\r\nfile\r\n--abcdef--", "file");
        check("--abcdef\n\n{}\r\n--abcdef\n\nfile\r\n--abcdef--", "file");
        check("--abcdef\r\n\r\n{}\r\n--abcdef\r\nx: y\r\n\r\n\r\n--abcdef--", "");
        check("--abcdef\r\n\r\n{}\r\n--abcdef\r\n\r\na\r\n--abcde\r\n--abcdef--", "a\r\n--abcde");
    }

    #[test]
    fn a_file_may_be_elsewhere() {
        let text =
            "--abcdef\r\n\r\n{}\r\n--abcdef\r\nLocation: https://cdn.example/x?y=z\r\n\r\n\r\n--abcdef--";
        let (headers, _) = read(text.as_bytes(), 7).expect("well-formed").expect("complete");
        assert_eq!(headers.location.as_deref(), Some("https://cdn.example/x?y=z"));
    }

    #[test]
    fn what_is_cut_off_never_ends() {
        let whole = body(b"some text");
        for length in 0..whole.len() - "--\r\n".len() {
            assert_eq!(read(&whole[..length], 5), Ok(None), "{length}");
        }
    }

    #[test]
    fn what_has_no_end_is_given_up() {
        assert_eq!(read(&vec![b'x'; HEAD_BYTES_MAX + 1], 1_000), Err(MultipartError::TooLong));
        for step in [1_000, 1_000_000] {
            let mut late = vec![b'x'; HEAD_BYTES_MAX];
            late.extend_from_slice(b"\r\n");
            late.extend_from_slice(&body(b"file"));
            assert_eq!(read(&late, step), Err(MultipartError::TooLong), "{step}");
        }
        let mut endless = b"--abcdef\r\n\r\n{}\r\n--abcdef\r\n".to_vec();
        endless.extend(b"header: value\r\n".repeat(5_000));
        assert_eq!(read(&endless, 1_000), Err(MultipartError::TooLong));
        for wrong in
            ["text/plain", "multipart/mixed", "multipart/mixed; boundary=", "multipart/form-data; boundary=a"]
        {
            assert_eq!(Multipart::new(wrong).err(), Some(MultipartError::ContentType), "{wrong}");
        }
        assert!(Multipart::new("Multipart/Mixed; charset=x; Boundary=\"a b\"").is_ok());
    }

    proptest! {
        #[test]
        fn every_file_arrives_whole_however_it_is_cut(
            file in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), any::<u8>()], 0..300),
            step in 1_usize..60,
        ) {
            prop_assume!(find(&file, b"\r\n--abcdef").is_none());
            let (_, found) = read(&body(&file), step).expect("well-formed").expect("complete");
            prop_assert_eq!(found, file);
        }

        #[test]
        fn garbage_never_panics(garbage: Vec<u8>, step in 1_usize..60) {
            let _ = read(&garbage, step);
        }
    }
}
