//! Reading a page: its properties in `meta` elements, its title, its first words.
//!
//! The page is read once from beginning to end, without a tree of it, so neither deep nesting nor broken markup costs
//! more memory than the limit below.

use std::{cell::RefCell, collections::BTreeMap};

use lol_html::{
    AsciiCompatibleEncoding, HtmlRewriter, MemorySettings, Settings, element,
    html_content::{Element, TextChunk},
    text,
};

use super::entities::decode;

/// How much memory reading takes beside the page itself.
const READING_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How many bytes are looked at between two looks at whether there is enough.
const STEP_BYTES: usize = 16 * 1024;
/// How many properties of a page are kept, and how long each is.
const PROPERTIES_MAX: usize = 64;
const VALUE_CHARACTERS_MAX: usize = 1_000;
/// How much of a page's text describes it when the page itself does not.
const TEXT_CHARACTERS_MAX: usize = 500;

/// What a page says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    properties: BTreeMap<String, String>,
    title: Collected,
    heading: Collected,
    text: Collected,
    /// Where the page says more in oEmbed's form.
    pub(super) oembed: Option<String>,
}

/// The text of the first element of a kind, or of all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Collected {
    text: String,
    elements: u32,
}

/// Reads a page. A page that is cut off or broken is read as far as it makes sense.
pub(super) fn read(html: &[u8], encoding: AsciiCompatibleEncoding) -> Page {
    let page = RefCell::new(Page::default());
    let settings = Settings::new()
        .with_encoding(encoding)
        .with_adjust_charset_on_meta_tag(true)
        .with_strict(false)
        .with_memory_settings(MemorySettings::new().with_max_allowed_memory_usage(READING_BYTES_MAX))
        .append_element_content_handler(element!("meta[content]", |element| {
            page.borrow_mut().read_meta(element);
            Ok(())
        }))
        .append_element_content_handler(element!("link[rel][type][href]", |element| {
            page.borrow_mut().read_link(element);
            Ok(())
        }))
        .append_element_content_handler(element!("title", |_| {
            page.borrow_mut().title.elements += 1;
            Ok(())
        }))
        .append_element_content_handler(text!("title", |chunk| {
            page.borrow_mut().title.push_first(chunk);
            Ok(())
        }))
        .append_element_content_handler(element!("h1", |_| {
            page.borrow_mut().heading.elements += 1;
            Ok(())
        }))
        .append_element_content_handler(text!("h1", |chunk| {
            page.borrow_mut().heading.push_first(chunk);
            Ok(())
        }))
        .append_element_content_handler(element!("p", |_| {
            page.borrow_mut().text.push_space();
            Ok(())
        }))
        .append_element_content_handler(text!("p", |chunk| {
            page.borrow_mut().text.push(chunk);
            Ok(())
        }));
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    let mut whole = true;
    for step in html.chunks(STEP_BYTES) {
        // What cannot be read on has said enough.
        if rewriter.write(step).is_err() {
            whole = false;
            break;
        }
    }
    if whole {
        let _ended = rewriter.end();
    }
    page.borrow().clone()
}

impl Page {
    /// A property; the first value that a page gives counts.
    pub(super) fn put(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(shorten).filter(|value| !value.is_empty());
        if let Some(value) = value
            && self.properties.len() < PROPERTIES_MAX
        {
            self.properties.entry(name.to_owned()).or_insert(value);
        }
    }

    /// A property.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }

    /// The first words of the page.
    pub(super) fn text(&self) -> &str {
        self.text.text.trim()
    }

    /// Whether the page has a title of any sort.
    pub(super) fn has_title(&self) -> bool {
        self.title_text().is_some()
    }

    /// Whether nothing is missing that a preview shows.
    pub(super) fn is_complete(&self) -> bool {
        ["og:title", "og:description", "og:image"].iter().all(|name| self.properties.contains_key(*name))
    }

    /// Takes over what another source says and this one does not.
    pub(super) fn complete_with(&mut self, other: Self) {
        for (name, value) in other.properties {
            self.put(&name, Some(&value));
        }
    }

    /// Where the page's picture is.
    pub(super) fn take_image(&mut self) -> Option<String> {
        let names = ["og:image", "og:image:secure_url", "og:image:url", "twitter:image", "twitter:image:src"];
        names.iter().find_map(|name| self.properties.get(*name).cloned())
    }

    /// The title, from where pages have one.
    pub(super) fn title_text(&self) -> Option<&str> {
        let own = [self.get("og:title"), self.get("twitter:title")];
        let shown = [self.title.text.trim(), self.heading.text.trim()].map(Some);
        own.into_iter().chain(shown).flatten().find(|text| !text.is_empty())
    }

    /// The description, from where pages have one.
    pub(super) fn description_text(&self) -> Option<&str> {
        let own = ["og:description", "twitter:description", "description"].map(|name| self.get(name));
        own.into_iter().chain([Some(self.text())]).flatten().find(|text| !text.is_empty())
    }

    /// The properties whose names begin with `og:`.
    pub(super) fn open_graph(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_open_graph = self.properties.iter().filter(|(name, _)| name.starts_with("og:"));
        of_open_graph.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn read_meta(&mut self, element: &Element<'_, '_>) {
        let name = element.get_attribute("property").or_else(|| element.get_attribute("name"));
        let Some(name) = name.map(|name| name.trim().to_ascii_lowercase()) else { return };
        let known = name.starts_with("og:") || name.starts_with("twitter:") || name == "description";
        if known && name.len() <= 64 {
            let value = element.get_attribute("content").map(|value| decode(&value));
            self.put(&name, value.as_deref());
        }
    }

    fn read_link(&mut self, element: &Element<'_, '_>) {
        let attribute = |name| element.get_attribute(name).unwrap_or_default();
        let is_alternate =
            attribute("rel").split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("alternate"));
        let is_oembed = attribute("type").trim().eq_ignore_ascii_case("application/json+oembed");
        if is_alternate && is_oembed && self.oembed.is_none() {
            self.oembed = Some(decode(attribute("href").trim()));
        }
    }
}

impl Collected {
    /// Text of the first element.
    fn push_first(&mut self, chunk: &TextChunk<'_>) {
        if self.elements == 1 {
            self.push(chunk);
        }
    }

    fn push(&mut self, chunk: &TextChunk<'_>) {
        // A reference that is cut in two by a chunk's end stays as it is, which happens once in a blue moon.
        for character in decode(chunk.as_str()).chars() {
            if self.text.len() >= TEXT_CHARACTERS_MAX {
                return;
            }
            if character.is_whitespace() {
                self.push_space();
            } else if !character.is_control() {
                self.text.push(character);
            }
        }
    }

    fn push_space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }
}

/// A value on one line, and not too long.
fn shorten(value: &str) -> String {
    let words: Vec<&str> = value.split_whitespace().collect();
    words.join(" ").chars().filter(|character| !character.is_control()).take(VALUE_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Page {
        read(html.as_bytes(), AsciiCompatibleEncoding::utf_8())
    }

    #[test]
    fn open_graph_comes_first() {
        let page = page(
            "<html><head><title>Shown</title><meta property=\"og:title\" content=\"A &amp; B\">\
             <meta property='og:title' content='second'><meta name=description content='About\n it'>\
             <meta property=og:image content=/a.png></head><body><h1>Big</h1><p>Words</body>",
        );
        assert_eq!(page.title_text(), Some("A & B"));
        assert_eq!(page.description_text(), Some("About it"));
        assert_eq!(page.get("og:image"), Some("/a.png"));
    }

    #[test]
    fn pages_without_properties_are_read() {
        let page = page(
            "<title> The\n title </title><body><svg><title>no</title></svg><script>var p = '<p>no</p>'</script>\
             <p>First <b>words</b>.</p><p>Second &mdash; words.</p>",
        );
        assert_eq!(page.title_text(), Some("The title"));
        assert_eq!(page.description_text(), Some("First words. Second — words."));
    }

    #[test]
    fn other_sources_are_found() {
        let page = page(
            "<link rel='alternate' type='application/json+oembed' href='/oembed?a=1&amp;b=2'>\
             <link rel=alternate type=text/xml+oembed href=/xml>",
        );
        assert_eq!(page.oembed.as_deref(), Some("/oembed?a=1&b=2"));
        assert!(!page.is_complete() && !page.has_title());
    }

    #[test]
    fn characters_of_other_encodings_are_read() {
        let latin = b"<meta charset=iso-8859-1><title>caf\xe9</title>";
        assert_eq!(read(latin, AsciiCompatibleEncoding::utf_8()).title_text(), Some("café"));
        let cyrillic = b"<title>\xcf\xf0\xe8\xe2\xe5\xf2</title>";
        let encoding = super::super::charset::of("text/html; charset=windows-1251");
        assert_eq!(read(cyrillic, encoding).title_text(), Some("Привет"));
    }

    #[test]
    fn bombs_are_harmless() {
        let deep = format!("<title>deep</title>{}", "<p><div>".repeat(200_000));
        assert_eq!(page(&deep).title_text(), Some("deep"));
        let attributes = format!("<title>a</title><p {}>", "a=b ".repeat(500_000));
        assert_eq!(page(&attributes).title_text(), Some("a"));
        let endless = format!("<title>{}", "x".repeat(2_000_000));
        assert_eq!(page(&endless).title_text().map(str::len), Some(TEXT_CHARACTERS_MAX));
        let many: String = (0..10_000).map(|n| format!("<meta property='og:{n}' content='x'>")).collect();
        assert_eq!(page(&many).open_graph().count(), PROPERTIES_MAX);
        let tag = format!("<title>t</title><{}", "x".repeat(8_000_000));
        assert_eq!(page(&tag).title_text(), Some("t"));
        assert_eq!(page("<<<>>></p></p></title>&&&<!--").title_text(), None);
    }
}
