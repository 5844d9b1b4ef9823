//! The area `authenticated_media`, and how its answers are read.

mod get_content;
mod get_content_thumbnail;

use crate::harness::Download;

/// The file in a multipart answer.
struct File {
    /// The lines above it.
    headers: String,
    bytes: Vec<u8>,
}

/// Reads an answer as it has to be: two parts, of which the first is an empty object and the second the file.
#[track_caller]
fn file_in(answer: &Download) -> File {
    let (kind, boundary) = answer.header("content-type").split_once("; boundary=").unwrap();
    assert_eq!(kind, "multipart/mixed");
    assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
    let head = format!("--{boundary}\r\nContent-Type: application/json\r\n\r\n{{}}\r\n--{boundary}\r\n");
    let tail = format!("\r\n--{boundary}--\r\n");
    let rest = answer.bytes.strip_prefix(head.as_bytes()).expect("begins with the first part");
    let rest = rest.strip_suffix(tail.as_bytes()).expect("ends with a separator");
    let end = rest.windows(4).position(|window| window == b"\r\n\r\n").expect("the headers end");
    File { headers: String::from_utf8(rest[..end].to_vec()).unwrap(), bytes: rest[end + 4..].to_vec() }
}
