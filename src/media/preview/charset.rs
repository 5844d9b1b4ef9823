//! In which characters a page is written, as its header says. A `meta` element in the page may say better.

use lol_html::AsciiCompatibleEncoding;

/// The encoding that a content type names; UTF-8 if it names none that is known.
pub(super) fn of(content_type: &str) -> AsciiCompatibleEncoding {
    let label = content_type.split(';').find_map(|parameter| parameter.trim().strip_prefix("charset="));
    let label = label.map(|label| label.trim_matches(['"', '\'', ' ']));
    label
        .and_then(|label| encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()))
        .and_then(AsciiCompatibleEncoding::new)
        .unwrap_or_else(AsciiCompatibleEncoding::utf_8)
}
