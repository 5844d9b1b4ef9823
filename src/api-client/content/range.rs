//! Not an endpoint: which part of a file is asked for, and whether whoever asks has it already.
//! <https://www.rfc-editor.org/rfc/rfc9110#name-range-requests>
//!
//! One part at a time: players ask for nothing else, and a request for several is answered with the whole, as it may
//! be.

use std::ops::Range;

use http::{HeaderMap, HeaderValue, header};

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Requested {
    /// Everything.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes behind the end.
    Nowhere,
}

/// What is asked for of a file with this tag and size.
pub(super) fn requested(headers: &HeaderMap, tag: &str, size_bytes: u64) -> Requested {
    let Some(range) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else {
        return Requested::Whole;
    };
    // The part is only wanted of the file that whoever asks has the rest of.
    if let Some(condition) = headers.get(header::IF_RANGE)
        && condition.as_bytes() != tag.as_bytes()
    {
        return Requested::Whole;
    }
    parse(range, size_bytes).unwrap_or(Requested::Whole)
}

/// Whether a header lists a tag.
pub(super) fn names_tag(header: Option<&HeaderValue>, tag: &str) -> bool {
    let Some(text) = header.and_then(|value| value.to_str().ok()) else { return false };
    text.split(',').map(str::trim).any(|named| named == "*" || named.trim_start_matches("W/") == tag)
}

/// `None` for what makes no sense, which counts as not said.
fn parse(text: &str, size_bytes: u64) -> Option<Requested> {
    let (unit, set) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        let count: u64 = number(last)?;
        if count == 0 || size_bytes == 0 {
            return Some(Requested::Nowhere);
        }
        return Some(Requested::Part(size_bytes.saturating_sub(count)..size_bytes));
    }
    let start: u64 = number(first)?;
    let end = if last.is_empty() { u64::MAX } else { number(last)?.saturating_add(1) };
    if end <= start {
        return None;
    }
    if start >= size_bytes {
        return Some(Requested::Nowhere);
    }
    Some(Requested::Part(start..end.min(size_bytes)))
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let check = |range: &str, size: u64, expected: Requested| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().expect("a header"));
            assert_eq!(requested(&headers, "\"tag\"", size), expected, "{range} of {size}");
        };
        check("bytes=0-3", 10, Requested::Part(0..4));
        check("bytes=0-0", 10, Requested::Part(0..1));
        check("Bytes = 4-", 10, Requested::Part(4..10));
        check("bytes=4-99", 10, Requested::Part(4..10));
        check("bytes=-3", 10, Requested::Part(7..10));
        check("bytes=-99", 10, Requested::Part(0..10));
        check("bytes=0-18446744073709551615", 10, Requested::Part(0..10));
        check("bytes=10-", 10, Requested::Nowhere);
        check("bytes=-0", 10, Requested::Nowhere);
        check("bytes=0-", 0, Requested::Nowhere);
        for senseless in
            ["bytes=3-2", "bytes=", "bytes=a-b", "bytes=+1-2", "lines=0-1", "bytes", "bytes=0-1,3-4"]
        {
            check(senseless, 10, Requested::Whole);
        }
        check("bytes=0-99999999999999999999999", 10, Requested::Whole);
    }

    #[test]
    fn conditions() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-3"));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"other\""));
        assert_eq!(requested(&headers, "\"tag\"", 10), Requested::Whole);
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"tag\""));
        assert_eq!(requested(&headers, "\"tag\"", 10), Requested::Part(0..4));
        let names = |text: &'static str| names_tag(Some(&HeaderValue::from_static(text)), "\"tag\"");
        assert!(names("\"tag\"") && names("\"a\", W/\"tag\"") && names("*"));
        assert!(!names("tag") && !names("\"a\"") && !names_tag(None, "\"tag\""));
    }
}
