//! `GET /_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}`

use std::io::Cursor;

use image::{
    AnimationDecoder, Delay, Frame, ImageFormat, RgbaImage,
    codecs::gif::{GifDecoder, GifEncoder},
};

use crate::harness::{Server, media_path, picture, png_that_claims};

const SCRIPT: &[u8] = b"<html><script>alert(1)</script></html>";

fn path(uri: &str, query: &str) -> String {
    format!("{}?{query}", media_path("thumbnail", uri))
}

fn has_script(bytes: &[u8]) -> bool {
    bytes.windows(7).any(|window| window == b"<script")
}

#[tokio::test]
async fn pictures_are_scaled_and_cropped() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for (format, content_type) in [
        (ImageFormat::Png, "image/png"),
        (ImageFormat::Jpeg, "image/jpeg"),
        (ImageFormat::WebP, "image/webp"),
    ] {
        let uri = alice.upload(content_type, picture(400, 200, format)).await;
        for (query, size) in [
            ("width=100&height=100", (100, 50)),
            ("width=100&height=100&method=scale", (100, 50)),
            ("width=96&height=96&method=crop", (96, 96)),
            ("width=32&height=64&method=crop", (32, 64)),
            // Nothing is enlarged.
            ("width=800&height=600", (400, 200)),
            ("width=4294967296&height=9007199254740991", (400, 200)),
        ] {
            let thumbnail = alice.download(&path(&uri, query)).await.ok();
            assert_eq!(thumbnail.size(), size, "{content_type} {query}");
            assert!(thumbnail.header("content-disposition").starts_with("inline; filename=thumbnail."));
            thumbnail.is_harmless();
            // The second time it is the one that was kept.
            let again = alice.download(&path(&uri, query)).await.ok();
            assert_eq!(again.bytes, thumbnail.bytes);
            assert_eq!(again.header("content-type"), thumbnail.header("content-type"));
        }
    }
}

#[tokio::test]
async fn what_moves_moves_on_if_one_likes() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let mut bytes = Vec::new();
    {
        let mut encoder = GifEncoder::new(&mut bytes);
        for shade in [0, 100, 200] {
            let frame = RgbaImage::from_pixel(100, 100, image::Rgba([shade, shade, shade, 255]));
            let delay = Delay::from_numer_denom_ms(100, 1);
            encoder.encode_frame(Frame::from_parts(frame, 0, 0, delay)).unwrap();
        }
    }
    let uri = alice.upload("image/gif", bytes).await;
    let moving = alice.download(&path(&uri, "width=50&height=50&animated=true")).await.ok();
    assert_eq!(moving.header("content-type"), "image/gif");
    let frames = GifDecoder::new(Cursor::new(&moving.bytes)).unwrap().into_frames();
    assert_eq!((moving.size(), frames.count()), ((50, 50), 3));
    let still = alice.download(&path(&uri, "width=50&height=50&animated=false")).await.ok();
    assert_eq!((still.header("content-type"), still.size()), ("image/jpeg", (50, 50)));
}

#[tokio::test]
async fn pictures_that_are_something_else_too_are_only_pictures() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    // A page behind a picture, uploaded as a page.
    let both = [picture(400, 200, ImageFormat::Png).as_slice(), SCRIPT].concat();
    let uri = alice.upload("text/html", both).await;
    let thumbnail = alice.download(&path(&uri, "width=100&height=100")).await.ok();
    assert_eq!(thumbnail.header("content-type"), "image/jpeg");
    assert!(!has_script(&thumbnail.bytes), "it is encoded anew");
    thumbnail.is_harmless();
    // Small enough to stay as it is: then it is declared as what it is.
    let original = alice.download(&path(&uri, "width=800&height=800")).await.ok();
    assert_eq!(original.header("content-type"), "image/png");
    original.is_harmless();
    // A page that begins like a picture.
    let disguised = [b"GIF89a/*".as_slice(), SCRIPT].concat();
    for content_type in ["image/gif", "text/html"] {
        let uri = alice.upload(content_type, disguised.clone()).await;
        // Where a picture has its size, the page has characters that make a very large number.
        alice.download(&path(&uri, "width=9&height=9")).await.refused(413, "M_TOO_LARGE");
    }
    for (content_type, bytes) in [
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".as_slice()),
        ("image/png", b"\x89PNG\r\n\x1a\n"),
        ("text/plain", b"hello"),
        ("image/png", b""),
    ] {
        let uri = alice.upload(content_type, bytes.to_vec()).await;
        alice.download(&path(&uri, "width=9&height=9")).await.refused(400, "M_UNKNOWN");
    }
}

#[tokio::test]
async fn pictures_that_burst_are_not_opened() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for (width, height) in
        [(20_000, 20_000), (65_535, 65_535), (1_000_000, 40), (2_000_000_000, 2_000_000_000)]
    {
        let uri = alice.upload("image/png", png_that_claims(width, height)).await;
        let answer = alice.download(&path(&uri, "width=32&height=32")).await;
        answer.refused(413, "M_TOO_LARGE");
    }
    // One that is allowed and lies about its size is a broken picture.
    let uri = alice.upload("image/png", png_that_claims(1_000, 1_000)).await;
    alice.download(&path(&uri, "width=32&height=32")).await.refused(400, "M_UNKNOWN");
}

#[tokio::test]
async fn thumbnails_are_for_those_who_are_logged_in() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let uri = alice.upload("image/png", picture(40, 20, ImageFormat::Png)).await;
    server.download(&path(&uri, "width=9&height=9")).await.refused(401, "M_MISSING_TOKEN");
    for bad in ["width=0&height=9", "width=9&height=0", "width=-1&height=9", "width=a&height=9"] {
        alice.download(&path(&uri, bad)).await.refused(400, "M_INVALID_PARAM");
    }
    for missing in ["", "width=9", "height=9"] {
        alice.download(&path(&uri, missing)).await.refused(400, "M_MISSING_PARAM");
    }
    let unknown = path("mxc://localhost/unknown", "width=9&height=9");
    alice.download(&unknown).await.refused(404, "M_NOT_FOUND");
}
