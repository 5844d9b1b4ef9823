//! What clients are told of a page: OpenGraph's names, with this server's picture.

use serde_json::{Map, Value};

use super::page::Page;

/// The page's picture as a file of this server.
pub(super) struct Image {
    pub(super) uri: String,
    pub(super) content_type: &'static str,
    pub(super) size_bytes: u64,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// The properties of a page, with the picture that was fetched for it, and without what it says of one that was not.
pub(super) fn of(page: Page, image: Option<Image>) -> Map<String, Value> {
    let mut properties = Map::new();
    let told = page.open_graph().filter(|(name, _)| !name.starts_with("og:image"));
    properties.extend(told.map(|(name, value)| (name.to_owned(), value.into())));
    let mut put = |name: &str, value: Value| {
        properties.insert(name.to_owned(), value);
    };
    if let Some(title) = page.title_text() {
        put("og:title", title.into());
    }
    if let Some(description) = page.description_text() {
        put("og:description", description.into());
    }
    if let Some(image) = image {
        put("og:image", image.uri.into());
        put("og:image:type", image.content_type.into());
        put("og:image:width", image.width.into());
        put("og:image:height", image.height.into());
        put("matrix:image:size", image.size_bytes.into());
    }
    properties
}
