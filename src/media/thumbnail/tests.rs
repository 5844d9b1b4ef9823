//! Pictures of every sort through the whole of scaling.

use std::io::{Cursor, Write};

use image::{
    AnimationDecoder, Delay, DynamicImage, Frame, ImageEncoder, ImageFormat, RgbImage, Rgba, RgbaImage,
    codecs::{
        gif::{GifDecoder, GifEncoder},
        jpeg::JpegEncoder,
    },
};
use proptest::prelude::*;
use tempfile::NamedTempFile;

use super::{Method, Scaled, ThumbnailError, Wish, still};

const PIXELS_MAX: u64 = 1_000_000;
const SMALL: Wish = Wish { width: 50, height: 50, method: Method::Scale, animated: false };

fn scale(bytes: &[u8], wish: Wish) -> Result<Scaled, ThumbnailError> {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("written");
    still::scale(file.path(), wish, PIXELS_MAX)
}

#[track_caller]
fn made(bytes: &[u8], wish: Wish) -> (&'static str, DynamicImage) {
    match scale(bytes, wish).expect("is a picture") {
        Scaled::New { content_type, bytes } => {
            (content_type, image::load_from_memory(&bytes).expect("is a picture"))
        }
        Scaled::Original { content_type } => panic!("the original is taken, as {content_type}"),
    }
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

fn opaque(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_pixel(width, height, image::Rgb([200, 100, 50])).into()
}

fn frames(sides: u32, count: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    {
        let mut encoder = GifEncoder::new(&mut bytes);
        for shade in 0..count {
            let frame = RgbaImage::from_pixel(sides, sides, Rgba([shade, 100, 100, 255]));
            let frame = Frame::from_parts(frame, 0, 0, Delay::from_numer_denom_ms(100, 1));
            encoder.encode_frame(frame).expect("encodes");
        }
    }
    bytes
}

#[test]
fn colours_and_transparency_stay() {
    let (content_type, small) = made(&encoded(&opaque(200, 100), ImageFormat::Png), SMALL);
    assert_eq!((content_type, small.width(), small.height()), ("image/jpeg", 50, 25));
    for (found, expected) in small.to_rgb8().get_pixel(25, 12).0.into_iter().zip([200_u8, 100, 50]) {
        assert!(found.abs_diff(expected) < 8, "{found} instead of {expected}");
    }
    let glass: DynamicImage = RgbaImage::from_pixel(100, 200, Rgba([0, 0, 255, 100])).into();
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let (content_type, small) = made(&encoded(&glass, format), SMALL);
        assert_eq!((content_type, small.width(), small.height()), ("image/png", 25, 50));
        assert_eq!(small.to_rgba8().get_pixel(12, 25).0[3], 100);
    }
    // What has other samples than bytes.
    for picture in
        [DynamicImage::ImageLuma8(opaque(100, 100).to_luma8()), opaque(100, 100).to_rgba16().into()]
    {
        let (_, small) = made(&encoded(&picture, ImageFormat::Png), SMALL);
        assert_eq!((small.width(), small.height()), (50, 50));
    }
}

#[test]
fn cameras_held_upright_are_understood() {
    // Exif, little-endian, with one entry: the orientation is 6, a quarter turn clockwise.
    let mut exif = b"II*\0\x08\0\0\0\x01\0".to_vec();
    exif.extend_from_slice(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0");
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif).expect("JPEG has Exif");
    encoder.encode_image(&opaque(200, 100)).expect("encodes");
    let (_, small) = made(&bytes, Wish { width: 100, height: 40, ..SMALL });
    assert_eq!((small.width(), small.height()), (20, 40));
    let (_, small) = made(&bytes, Wish { width: 30, height: 60, method: Method::Crop, animated: false });
    assert_eq!((small.width(), small.height()), (30, 60));
}

#[test]
fn what_is_small_stays_as_it_is() {
    for (format, expected) in [(ImageFormat::Png, "image/png"), (ImageFormat::Jpeg, "image/jpeg")] {
        let scaled = scale(&encoded(&opaque(40, 40), format), SMALL).expect("is a picture");
        assert!(matches!(scaled, Scaled::Original { content_type } if content_type == expected));
    }
}

#[test]
fn pictures_move_only_where_they_may() {
    let moving = Wish { animated: true, ..SMALL };
    let Ok(Scaled::New { content_type: "image/gif", bytes }) = scale(&frames(100, 3), moving) else {
        panic!("no GIF")
    };
    let decoder = GifDecoder::new(Cursor::new(&bytes)).expect("is a GIF");
    let delays: Vec<_> =
        decoder.into_frames().map(|frame| frame.expect("whole").delay().numer_denom_ms()).collect();
    assert_eq!(delays, vec![(100, 1); 3]);
    let small = scale(&frames(40, 3), moving).expect("is a picture");
    assert!(matches!(small, Scaled::Original { content_type: "image/gif" }));
    for (bytes, wish) in [(frames(100, 3), SMALL), (frames(40, 3), SMALL), (frames(100, 1), moving)] {
        assert_eq!(made(&bytes, wish).0, "image/jpeg");
    }
    // Too many frames stand still.
    let many: Vec<u8> = {
        let mut bytes = Vec::new();
        let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
        for _ in 0..301 {
            let frame = Frame::new(RgbaImage::from_pixel(60, 60, Rgba([1, 2, 3, 255])));
            encoder.encode_frame(frame).expect("encodes");
        }
        drop(encoder);
        bytes
    };
    assert_eq!(made(&many, moving).0, "image/jpeg");
}

#[test]
fn too_many_pixels_are_refused() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
        let bytes = encoded(&opaque(1_001, 1_000), format);
        let refused = scale(&bytes, SMALL).err().expect("too large");
        assert!(matches!(refused, ThumbnailError::TooLarge { remote: false }), "{format:?}: {refused}");
        made(&encoded(&opaque(1_000, 1_000), format), SMALL);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_never_panics(kind in 0_usize..5, place in 0_usize..2_000, byte: u8, cut in 0_usize..2_000, animated: bool) {
        let picture = opaque(60, 60);
        let mut bytes = match kind {
            0 => encoded(&picture, ImageFormat::Png),
            1 => encoded(&picture, ImageFormat::Jpeg),
            2 => encoded(&picture, ImageFormat::WebP),
            3 => encoded(&picture, ImageFormat::Gif),
            _ => frames(60, 3),
        };
        let length = bytes.len();
        bytes[place % length] = byte;
        if cut % 3 == 0 {
            bytes.truncate(cut % length);
        }
        // Anything but a panic, and nothing that is larger than what was asked for.
        if let Ok(Scaled::New { bytes, .. }) = scale(&bytes, Wish { animated, ..SMALL }) {
            let small = image::load_from_memory(&bytes).expect("is a picture");
            prop_assert!(small.width() <= 60 && small.height() <= 60);
        }
    }
}
