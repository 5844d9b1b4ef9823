//! Scaling pictures that move, frame by frame, so that memory holds one frame at a time.

use std::{fs::File, io::BufReader, path::Path};

use fast_image_resize::PixelType;
use image::{
    AnimationDecoder, Frame, Frames, ImageDecoder, ImageFormat, Limits, RgbaImage,
    codecs::{
        gif::{GifDecoder, GifEncoder, Repeat},
        png::PngDecoder,
        webp::WebPDecoder,
    },
};

use super::{
    ThumbnailError,
    plan::Plan,
    still::{explain, resize_bytes},
};

/// How many frames are scaled; what has more is shown standing still.
const FRAMES_MAX: usize = 300;
/// How many pixels are decoded and how many are encoded, over all frames.
const DECODED_PIXELS_MAX: u64 = 256_000_000;
const ENCODED_PIXELS_MAX: u64 = 24_000_000;
/// How fast colours are chosen, from 1 (best) to 30 (fastest).
const ENCODER_SPEED: i32 = 20;

/// The picture as a GIF; `None` if it has one frame, or too many.
pub(super) fn scale(
    path: &Path,
    format: ImageFormat,
    plan: &Plan,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, ThumbnailError> {
    let file = File::open(path).map_err(|cause| {
        tracing::error!(%cause, "a picture cannot be read from the disk");
        ThumbnailError::Failed
    })?;
    let (frames, size) = frames(BufReader::new(file), format, limits)?;
    let frame_pixels = u64::from(size.0) * u64::from(size.1);
    let small_pixels = u64::from(plan.width) * u64::from(plan.height);
    let mut bytes = Vec::new();
    let mut count = 0_usize;
    {
        let mut encoder = GifEncoder::new_with_speed(&mut bytes, ENCODER_SPEED);
        encoder.set_repeat(Repeat::Infinite).map_err(explain)?;
        for frame in frames {
            count += 1;
            let so_far = count as u64;
            if count > FRAMES_MAX
                || frame_pixels.saturating_mul(so_far) > DECODED_PIXELS_MAX
                || small_pixels.saturating_mul(so_far) > ENCODED_PIXELS_MAX
            {
                return Ok(None);
            }
            // A file that is cut off in the middle still shows what there is.
            let Ok(frame) = frame else { break };
            encoder.encode_frame(shrink(frame, plan)?).map_err(explain)?;
        }
    }
    Ok((count > 1).then_some(bytes))
}

fn frames(
    file: BufReader<File>,
    format: ImageFormat,
    limits: &Limits,
) -> Result<(Frames<'static>, (u32, u32)), ThumbnailError> {
    match format {
        ImageFormat::Gif => {
            let mut decoder = GifDecoder::new(file).map_err(explain)?;
            decoder.set_limits(limits.clone()).map_err(explain)?;
            let size = decoder.dimensions();
            Ok((decoder.into_frames(), size))
        }
        ImageFormat::WebP => {
            let mut decoder = WebPDecoder::new(file).map_err(explain)?;
            decoder.set_limits(limits.clone()).map_err(explain)?;
            let size = decoder.dimensions();
            Ok((decoder.into_frames(), size))
        }
        _ => {
            let decoder = PngDecoder::with_limits(file, limits.clone()).map_err(explain)?;
            let size = decoder.dimensions();
            Ok((decoder.apng().map_err(explain)?.into_frames(), size))
        }
    }
}

fn shrink(frame: Frame, plan: &Plan) -> Result<Frame, ThumbnailError> {
    let delay = frame.delay();
    let small = resize_bytes(frame.into_buffer(), PixelType::U8x4, plan)?;
    let small = RgbaImage::from_raw(plan.width, plan.height, small).ok_or(ThumbnailError::Failed)?;
    Ok(Frame::from_parts(small, 0, 0, delay))
}
