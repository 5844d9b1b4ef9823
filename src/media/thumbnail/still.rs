//! Scaling pictures. Everything here may meet hostile bytes: sizes are looked at before anything is decoded.

use std::{
    fs::File,
    io::{BufReader, Cursor},
    path::Path,
};

use fast_image_resize::{PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image};
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage, RgbaImage,
    codecs::{jpeg::JpegEncoder, png::PngDecoder, webp::WebPDecoder},
    metadata::Orientation,
};

use super::{
    Scaled, ThumbnailError, Wish, animation,
    plan::{Plan, plan},
};

/// The quality of JPEG thumbnails.
const JPEG_QUALITY: u8 = 80;
/// How many bytes a decoder may take for a pixel, its own buffers included.
const BYTES_PER_PIXEL_MAX: u64 = 12;
/// What a decoder may take whatever the size of the picture.
const DECODER_BYTES: u64 = 4 << 20;
/// Pictures are not wider or higher than this, however few pixels they have.
const SIDE_PIXELS_MAX: u32 = 65_535;

/// The formats that are read.
fn content_type(format: ImageFormat) -> Option<&'static str> {
    match format {
        ImageFormat::Png => Some("image/png"),
        ImageFormat::Jpeg => Some("image/jpeg"),
        ImageFormat::Gif => Some("image/gif"),
        ImageFormat::WebP => Some("image/webp"),
        _ => None,
    }
}

/// Width and height of a picture and its content type, if it is one.
pub(crate) fn dimensions(path: &Path) -> Option<(u32, u32, &'static str)> {
    let reader = ImageReader::open(path).ok()?.with_guessed_format().ok()?;
    let content_type = content_type(reader.format()?)?;
    let (width, height) = reader.into_dimensions().ok()?;
    Some((width, height, content_type))
}

/// Makes a thumbnail of the picture in a file.
pub(super) fn scale(path: &Path, wish: Wish, pixels_max: u64) -> Result<Scaled, ThumbnailError> {
    let mut reader = open(path)?;
    let format = reader.format().filter(|format| content_type(*format).is_some());
    let format = format.ok_or_else(|| ThumbnailError::NotAPicture("unknown format".to_owned()))?;
    let limits = limits(pixels_max);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(explain)?;
    let picture = decoder.dimensions();
    if u64::from(picture.0) * u64::from(picture.1) > pixels_max {
        return Err(ThumbnailError::TooLarge { remote: false });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let turned = turns_sides(orientation);
    let plan = plan(picture, if turned { turn(wish) } else { wish });
    let moves = may_move(path, format)?;
    if moves && wish.animated {
        if plan.is_none() {
            return Ok(original(format));
        }
        let plan = plan.unwrap_or(Plan::whole(picture));
        if let Some(bytes) = animation::scale(path, format, &plan, &limits)? {
            return Ok(Scaled::New { content_type: "image/gif", bytes });
        }
    }
    let plan = match plan {
        // A picture that moves must not be handed on where one that stands still was asked for.
        None if !moves => return Ok(original(format)),
        plan => plan.unwrap_or(Plan::whole(picture)),
    };
    let decoded = DynamicImage::from_decoder(decoder).map_err(explain)?;
    let mut small = resize(decoded, &plan)?;
    small.apply_orientation(orientation);
    encode(&small)
}

fn original(format: ImageFormat) -> Scaled {
    // Only formats that have a type get here.
    Scaled::Original { content_type: content_type(format).unwrap_or("application/octet-stream") }
}

fn open(path: &Path) -> Result<ImageReader<BufReader<File>>, ThumbnailError> {
    let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
    reader.map_err(|cause| {
        tracing::error!(%cause, "a picture cannot be read from the disk");
        ThumbnailError::Failed
    })
}

fn limits(pixels_max: u64) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(SIDE_PIXELS_MAX);
    limits.max_image_height = Some(SIDE_PIXELS_MAX);
    limits.max_alloc = Some(pixels_max.saturating_mul(BYTES_PER_PIXEL_MAX).saturating_add(DECODER_BYTES));
    limits
}

/// Whether a picture has more than one frame, or may have.
fn may_move(path: &Path, format: ImageFormat) -> Result<bool, ThumbnailError> {
    let bytes = || open(path).map(ImageReader::into_inner);
    match format {
        ImageFormat::Gif => Ok(true),
        ImageFormat::Png => PngDecoder::new(bytes()?).and_then(|decoder| decoder.is_apng()).map_err(explain),
        ImageFormat::WebP => Ok(WebPDecoder::new(bytes()?).map_err(explain)?.has_animation()),
        _ => Ok(false),
    }
}

/// Whether width and height change places.
fn turns_sides(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

fn turn(wish: Wish) -> Wish {
    Wish { width: wish.height, height: wish.width, ..wish }
}

/// Scales a part of a picture. What is opaque stays without an alpha channel, which saves a quarter of the memory.
fn resize(picture: DynamicImage, plan: &Plan) -> Result<DynamicImage, ThumbnailError> {
    if picture.color().has_alpha() {
        let small = resize_bytes(picture.into_rgba8(), PixelType::U8x4, plan)?;
        RgbaImage::from_raw(plan.width, plan.height, small).map(DynamicImage::ImageRgba8)
    } else {
        let small = resize_bytes(picture.into_rgb8(), PixelType::U8x3, plan)?;
        RgbImage::from_raw(plan.width, plan.height, small).map(DynamicImage::ImageRgb8)
    }
    .ok_or(ThumbnailError::Failed)
}

/// Scales the pixels of a picture.
pub(super) fn resize_bytes<P>(
    picture: image::ImageBuffer<P, Vec<u8>>,
    kind: PixelType,
    plan: &Plan,
) -> Result<Vec<u8>, ThumbnailError>
where
    P: image::Pixel<Subpixel = u8>,
{
    let (width, height) = picture.dimensions();
    let wrong = |cause: &dyn std::fmt::Display| {
        tracing::error!(%cause, "a picture could not be scaled");
        ThumbnailError::Failed
    };
    let source = Image::from_vec_u8(width, height, picture.into_raw(), kind).map_err(|e| wrong(&e))?;
    let mut target = Image::new(plan.width, plan.height, kind);
    let (left, top, part_width, part_height) = plan.part;
    // Rounding must not put the part a hair's breadth outside.
    let part_width = part_width.min(f64::from(width) - left);
    let part_height = part_height.min(f64::from(height) - top);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(fast_image_resize::FilterType::CatmullRom))
        .crop(left, top, part_width, part_height);
    Resizer::new().resize(&source, &mut target, &options).map_err(|e| wrong(&e))?;
    Ok(target.into_vec())
}

/// JPEG, or PNG for what one can see through.
fn encode(picture: &DynamicImage) -> Result<Scaled, ThumbnailError> {
    let mut bytes = Vec::new();
    let is_opaque =
        picture.as_rgba8().is_none_or(|pixels| pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX));
    let (content_type, written) = if is_opaque {
        let opaque = DynamicImage::ImageRgb8(picture.to_rgb8());
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        ("image/jpeg", opaque.write_with_encoder(encoder))
    } else {
        ("image/png", picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png))
    };
    written.map_err(explain)?;
    Ok(Scaled::New { content_type, bytes })
}

pub(super) fn explain(error: ImageError) -> ThumbnailError {
    match error {
        ImageError::Limits(_) => ThumbnailError::TooLarge { remote: false },
        other => ThumbnailError::NotAPicture(other.to_string()),
    }
}
