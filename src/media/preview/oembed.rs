//! oEmbed: what some sites say of a page at another place. <https://oembed.com/>

use serde::Deserialize;
use url::Url;

use super::page::{self, Page};

/// Sites whose pages say less than their oEmbed endpoint: hosts, and the endpoint.
const PROVIDERS: [(&[&str], &str); 6] = [
    (&["youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"], "https://www.youtube.com/oembed"),
    (
        &["twitter.com", "www.twitter.com", "mobile.twitter.com", "x.com", "www.x.com"],
        "https://publish.twitter.com/oembed",
    ),
    (&["vimeo.com", "www.vimeo.com"], "https://vimeo.com/api/oembed.json"),
    (&["soundcloud.com", "www.soundcloud.com"], "https://soundcloud.com/oembed"),
    (&["open.spotify.com"], "https://open.spotify.com/oembed"),
    (&["tiktok.com", "www.tiktok.com"], "https://www.tiktok.com/oembed"),
];

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "type")]
    kind: Option<String>,
    title: Option<String>,
    author_name: Option<String>,
    provider_name: Option<String>,
    thumbnail_url: Option<String>,
    url: Option<String>,
    html: Option<String>,
}

/// The endpoint to ask about a page before the page itself.
pub(super) fn endpoint(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let (_, endpoint) = PROVIDERS.iter().find(|(hosts, _)| hosts.contains(&host))?;
    let mut endpoint = Url::parse(endpoint).ok()?;
    endpoint.query_pairs_mut().append_pair("format", "json").append_pair("url", url.as_str());
    Some(endpoint)
}

/// What an endpoint answers, if it is of use.
pub(super) fn read(text: &[u8]) -> Option<Page> {
    let answer: Answer = serde_json::from_slice(text).ok()?;
    let mut page = Page::default();
    let is_photo = answer.kind.as_deref() == Some("photo");
    page.put("og:title", answer.title.or(answer.author_name).as_deref());
    page.put("og:site_name", answer.provider_name.as_deref());
    page.put("og:image", answer.thumbnail_url.or(answer.url.filter(|_| is_photo)).as_deref());
    if let Some(html) = answer.html {
        // The text of what would be embedded; for messages of people that is the message.
        let embedded = page::read(html.as_bytes(), lol_html::AsciiCompatibleEncoding::utf_8());
        page.put("og:description", Some(embedded.text()));
    }
    page.has_title().then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sites_have_an_endpoint() {
        let check = |url: &str, expected: Option<&str>| {
            let url = Url::parse(url).expect("a URL");
            assert_eq!(endpoint(&url).map(String::from).as_deref(), expected, "{url}");
        };
        check(
            "https://youtu.be/a?b=c",
            Some("https://www.youtube.com/oembed?format=json&url=https%3A%2F%2Fyoutu.be%2Fa%3Fb%3Dc"),
        );
        check("https://notyoutu.be/a", None);
        check("https://example.org/", None);
    }

    #[test]
    fn answers_become_pages() {
        let text =
            br#"{"type":"rich","author_name":"Ada","html":"<blockquote><p>Hello &amp; hi</p></blockquote>"}"#;
        let page = read(text).expect("of use");
        assert_eq!((page.get("og:title"), page.get("og:description")), (Some("Ada"), Some("Hello & hi")));
        assert!(read(b"{}").is_none() && read(b"<html>").is_none());
    }
}
