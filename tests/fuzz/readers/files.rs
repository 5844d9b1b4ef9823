//! Files of other servers: the body that holds them, and what is said of them.

use kith_media::{
    multipart::{Multipart, PartHeaders, Piece},
    serving,
};
use ruma::http_headers::ContentDisposition;

use crate::{corpus, run::fuzz};

#[test]
fn files_in_parts() {
    fuzz(&corpus::multiparts(), |input| {
        let whole = read(input, input.len().max(1));
        for step in [1, 7] {
            assert_eq!(read(input, step), whole, "in pieces of {step} bytes it is another file");
        }
        whole.is_some()
    });
}

/// What is in a body that arrives in pieces of so many bytes, if it is complete.
fn read(body: &[u8], step: usize) -> Option<(PartHeaders, Vec<u8>)> {
    let mut reader = Multipart::new("multipart/mixed; boundary=abc").unwrap();
    let (mut headers, mut file) = (None, Vec::new());
    for bytes in body.chunks(step) {
        reader.push(bytes);
        while let Some(piece) = reader.piece().ok()? {
            match piece {
                Piece::Headers(found) => headers = Some(found),
                Piece::Data(data) => {
                    assert!(!data.is_empty(), "a piece of nothing");
                    file.extend_from_slice(&data);
                }
                Piece::End => return headers.map(|headers| (headers, file)),
            }
        }
    }
    None
}

#[test]
fn what_is_said_of_files() {
    let seeds = [
        "inline; filename=\"a b.png\"",
        "attachment; filename*=utf-8''%e2%82%ac%20rates; filename=rates",
        "form-data; name=x; filename=a\\\"b.html",
        "inline",
    ];
    fuzz(&seeds.map(|seed| seed.as_bytes().to_vec()), |input| {
        // Both come from the other server, and both go into headers of this one's answers.
        let text = String::from_utf8_lossy(input);
        let (served, kept) = (serving::content_type(Some(&*text)), text.parse::<ContentDisposition>());
        let name = kept.as_ref().ok().and_then(|disposition| disposition.filename.clone());
        let disposition = serving::disposition(Some(&*text), name.as_deref()).to_string();
        for value in [served, &disposition] {
            let is_safe = value.bytes().all(|byte| byte == b'\t' || (0x20..0x7f).contains(&byte));
            assert!(is_safe, "{value:?} does not fit into a header");
        }
        kept.is_ok()
    });
}
