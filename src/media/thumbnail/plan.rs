//! What to do with a picture of one size when another is asked for. Nothing is ever enlarged.

use super::Wish;

/// How a picture is fitted into the size that is asked for. The numbers are part of keys and never change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Method {
    /// The whole picture, so that one side is as asked and the other not larger.
    #[default]
    Scale = 0,
    /// The middle of the picture, in the proportions asked for.
    Crop = 1,
}

/// Which part of a picture becomes which size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    /// Left edge, top edge, width and height of the part.
    pub(super) part: (f64, f64, f64, f64),
    /// The width it gets.
    pub(super) width: u32,
    /// The height it gets.
    pub(super) height: u32,
}

impl Plan {
    /// The whole picture in its own size.
    pub(super) fn whole((width, height): (u32, u32)) -> Self {
        Self { part: (0.0, 0.0, width.into(), height.into()), width, height }
    }
}

/// What to make of a picture; `None` if it is small enough as it is.
pub(super) fn plan(picture: (u32, u32), wish: Wish) -> Option<Plan> {
    let (width, height) = picture;
    if width <= wish.width && height <= wish.height {
        return None;
    }
    Some(match wish.method {
        Method::Scale => scale(picture, wish),
        Method::Crop => crop(picture, wish),
    })
}

fn scale(picture: (u32, u32), wish: Wish) -> Plan {
    let (width, height) = (f64::from(picture.0), f64::from(picture.1));
    let ratio = (f64::from(wish.width) / width).min(f64::from(wish.height) / height);
    Plan {
        width: whole_pixels(width * ratio, picture.0),
        height: whole_pixels(height * ratio, picture.1),
        ..Plan::whole(picture)
    }
}

fn crop(picture: (u32, u32), wish: Wish) -> Plan {
    let (width, height) = (f64::from(picture.0), f64::from(picture.1));
    let (wished_width, wished_height) = (f64::from(wish.width), f64::from(wish.height));
    // How much has to be given up because the picture is too narrow or too low.
    let shrink = (width / wished_width).min(height / wished_height).min(1.0);
    let (target_width, target_height) = (wished_width * shrink, wished_height * shrink);
    // The largest part of the picture that has the proportions.
    let scale = (width / target_width).min(height / target_height);
    let (part_width, part_height) = (target_width * scale, target_height * scale);
    Plan {
        part: ((width - part_width) / 2.0, (height - part_height) / 2.0, part_width, part_height),
        width: whole_pixels(target_width, picture.0),
        height: whole_pixels(target_height, picture.1),
    }
}

/// A side in pixels: at least one, and not more than the picture has.
fn whole_pixels(side: f64, picture: u32) -> u32 {
    // The value is between 0 and a u32, so nothing is cut off.
    (side.round() as u32).clamp(1, picture)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wish(width: u32, height: u32, method: Method) -> Wish {
        Wish { width, height, method, animated: false }
    }

    #[test]
    fn sizes() {
        let check = |picture, (width, height), method, expected: Option<(u32, u32)>| {
            let plan = plan(picture, wish(width, height, method)).map(|plan| (plan.width, plan.height));
            assert_eq!(plan, expected, "{picture:?} as {width}x{height} {method:?}");
        };
        check((1_000, 500), (320, 240), Method::Scale, Some((320, 160)));
        check((500, 1_000), (320, 240), Method::Scale, Some((120, 240)));
        check((1_600, 1_200), (800, 600), Method::Scale, Some((800, 600)));
        check((320, 240), (320, 240), Method::Scale, None);
        check((100, 100), (320, 240), Method::Scale, None);
        check((10_000, 1), (100, 100), Method::Scale, Some((100, 1)));
        check((1_000, 500), (96, 96), Method::Crop, Some((96, 96)));
        check((1_000, 50), (96, 96), Method::Crop, Some((50, 50)));
        check((64, 64), (96, 96), Method::Crop, None);
        check((1_000, 500), (32, 64), Method::Crop, Some((32, 64)));
    }

    #[test]
    fn the_middle_is_kept() {
        let plan = plan((1_000, 500), wish(100, 100, Method::Crop)).expect("a plan");
        assert_eq!(plan.part, (250.0, 0.0, 500.0, 500.0));
    }

    proptest! {
        #[test]
        fn nothing_grows_and_everything_is_inside(
            width in 1_u32..70_000, height in 1_u32..70_000,
            wished_width in 1_u32..=u32::MAX, wished_height in 1_u32..=u32::MAX, crop: bool,
        ) {
            let method = if crop { Method::Crop } else { Method::Scale };
            if let Some(plan) = plan((width, height), wish(wished_width, wished_height, method)) {
                prop_assert!((1..=width).contains(&plan.width) && (1..=height).contains(&plan.height));
                let (left, top, part_width, part_height) = plan.part;
                prop_assert!(left >= 0.0 && top >= 0.0 && part_width > 0.0 && part_height > 0.0);
                prop_assert!(left + part_width <= f64::from(width) * 1.000_001);
                prop_assert!(top + part_height <= f64::from(height) * 1.000_001);
            }
        }
    }
}
