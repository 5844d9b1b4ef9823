//! How files are declared to browsers: the content type they are served as, and whether they are shown or saved.
//!
//! A browser must never run what somebody uploaded. The content type is the uploader's word, so what may be shown is
//! decided by that word alone, and a word that can be read in two ways is not passed on at all.
//! <https://spec.matrix.org/v1.19/client-server-api/#serving-inline-content>

use ruma::http_headers::{ContentDisposition, ContentDispositionType};

/// Keeps a file that is opened in a tab from doing anything.
pub const CONTENT_SECURITY_POLICY: &str = "sandbox; default-src 'none'; script-src 'none'; plugin-types \
     application/pdf; style-src 'unsafe-inline'; media-src 'self'; object-src 'self';";

/// What is served without a usable content type.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// The types that may be shown.
const INLINE_TYPES: [&str; 26] = [
    "text/css",
    "text/plain",
    "text/csv",
    "application/json",
    "application/ld+json",
    "image/jpeg",
    "image/gif",
    "image/png",
    "image/apng",
    "image/webp",
    "image/avif",
    "video/mp4",
    "video/webm",
    "video/ogg",
    "video/quicktime",
    "audio/mp4",
    "audio/webm",
    "audio/aac",
    "audio/mpeg",
    "audio/ogg",
    "audio/wave",
    "audio/wav",
    "audio/x-wav",
    "audio/x-pn-wav",
    "audio/flac",
    "audio/x-flac",
];

/// The content type to serve a file as.
pub fn content_type(declared: Option<&str>) -> &str {
    declared.map(str::trim).filter(|declared| essence(declared).is_some()).unwrap_or(UNKNOWN_TYPE)
}

/// Whether a file is shown or saved, and under which name.
pub fn disposition(declared: Option<&str>, file_name: Option<&str>) -> ContentDisposition {
    let essence = essence(content_type(declared)).unwrap_or_default().to_ascii_lowercase();
    let inline = INLINE_TYPES.contains(&essence.as_str());
    let kind = if inline { ContentDispositionType::Inline } else { ContentDispositionType::Attachment };
    ContentDisposition::new(kind).with_filename(file_name.map(str::to_owned))
}

/// A thumbnail is shown, under a name of its own.
pub fn thumbnail_disposition(content_type: &str) -> ContentDisposition {
    let ending = content_type.rsplit('/').next().unwrap_or_default();
    let name = format!("thumbnail.{ending}");
    ContentDisposition::new(ContentDispositionType::Inline).with_filename(Some(name))
}

/// The type without its parameters, if the whole is well-formed.
///
/// Browsers split a header's value at commas and take the last type they find, so a comma anywhere makes the whole
/// unusable.
fn essence(content_type: &str) -> Option<&str> {
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let essence = essence.trim_end_matches([' ', '\t']);
    let (kind, subtype) = essence.split_once('/')?;
    let is_token = |text: &str| !text.is_empty() && text.bytes().all(is_token_byte);
    let harmless = |byte: u8| (byte == b'\t' || (0x20..0x7f).contains(&byte)) && byte != b',';
    (is_token(kind) && is_token(subtype) && parameters.bytes().all(harmless)).then_some(essence)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_would_run_is_saved() {
        let check = |declared: &str, served: &str, inline: bool| {
            assert_eq!(content_type(Some(declared)), served, "{declared:?}");
            let disposition = disposition(Some(declared), None).to_string();
            assert_eq!(disposition, if inline { "inline" } else { "attachment" }, "{declared:?}");
        };
        check("image/png", "image/png", true);
        check("IMAGE/PNG", "IMAGE/PNG", true);
        check("image/png; charset=utf-8", "image/png; charset=utf-8", true);
        check("text/plain ;charset=\"utf-8\"", "text/plain ;charset=\"utf-8\"", true);
        check(" video/mp4 ", "video/mp4", true);
        for dangerous in [
            "text/html",
            "TEXT/HTML",
            "text/html; charset=utf-8",
            "image/svg+xml",
            "application/xhtml+xml",
            "text/xml",
            "application/javascript",
            "application/pdf",
            "image/png.html",
            "image/x-icon",
        ] {
            check(dangerous, dangerous, false);
        }
        for ambiguous in [
            "",
            "image",
            "image/",
            "/png",
            "image/png, text/html",
            "image/png;,text/html",
            "image/png; a=\",text/html\"",
            "image/p ng",
            "image/png\r\nx: y",
            "image/png;\u{0}",
            "image/png;ä",
            "\u{feff}image/png",
        ] {
            check(ambiguous, UNKNOWN_TYPE, false);
        }
        assert_eq!(content_type(None), UNKNOWN_TYPE);
        assert_eq!(disposition(None, None).to_string(), "attachment");
    }

    #[test]
    fn every_type_of_the_specification_is_shown() {
        for shown in INLINE_TYPES {
            assert_eq!(disposition(Some(shown), Some("a b")).to_string(), "inline; filename=\"a b\"");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_header() {
        for hostile in ["a\r\nset-cookie: x", "a\"; filename=b.html", "a\\", "ä\r\nx: y", "\0"] {
            let text = disposition(Some("text/plain"), Some(hostile)).to_string();
            assert!(text.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{text:?}");
        }
    }
}
