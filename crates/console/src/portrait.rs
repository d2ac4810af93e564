//! Portraits of nobody, drawn in code: for rehearsals, where the people are invented as well.

use image::{ImageFormat, Rgb, RgbImage};

use crate::photo::{self, PhotoError, Prepared};

/// Width and height, pixels.
const SIDE: u32 = 480;

/// What one looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks {
    /// Colour behind, red, green and blue.
    pub backdrop: [u8; 3],
    /// Colour of the jacket.
    pub jacket: [u8; 3],
    /// Colour of the hair.
    pub hair: [u8; 3],
    /// Whether the hair falls to the shoulders.
    pub long_hair: bool,
}

/// Colour of faces.
const SKIN: [u8; 3] = [229, 193, 164];
/// The same in the shade of the chin.
const SHADE: [u8; 3] = [211, 170, 140];
/// Colour of the collar.
const COLLAR: [u8; 3] = [244, 243, 238];

/// Draws a portrait.
///
/// # Errors
/// When it cannot be encoded, which has not been seen.
pub fn draw(looks: Looks) -> Result<Prepared, PhotoError> {
    let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let at = |n: u32| (f64::from(n) + 0.5) / f64::from(SIDE);
        Rgb(colour(looks, (at(x), at(y))))
    });
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).map_err(|_| PhotoError::Damaged)?;
    photo::prepare(&png.into_inner())
}

/// The colour at a point, from back to front.
fn colour(looks: Looks, at: (f64, f64)) -> [u8; 3] {
    let mut colour = mixed(looks.backdrop, [255, 255, 255], 0.28 * (1.0 - at.1));
    if looks.long_hair {
        colour = mixed(colour, looks.hair, oval(at, (0.5, 0.47), (0.215, 0.275)));
    }
    colour = mixed(colour, looks.jacket, oval(at, (0.5, 1.12), (0.42, 0.38)));
    colour = mixed(colour, COLLAR, oval(at, (0.5, 0.79), (0.105, 0.07)));
    colour = mixed(colour, SHADE, oval(at, (0.5, 0.66), (0.082, 0.145)));
    colour = mixed(colour, looks.hair, oval(at, (0.5, 0.375), (0.186, 0.2)));
    colour = mixed(colour, SKIN, oval(at, (0.5, 0.455), (0.155, 0.2)));
    // The fringe: what of the crown lies above the brow.
    let brow = if looks.long_hair { 0.365 } else { 0.335 };
    let above = ((brow - at.1) * f64::from(SIDE)).clamp(0.0, 1.0);
    mixed(colour, looks.hair, above.min(oval(at, (0.5, 0.375), (0.186, 0.2))))
}

/// How much of a point lies within an oval, 0 to 1: soft over one pixel at its edge.
fn oval((x, y): (f64, f64), centre: (f64, f64), radii: (f64, f64)) -> f64 {
    let from_centre = ((x - centre.0) / radii.0).hypot((y - centre.1) / radii.1);
    ((1.0 - from_centre) * radii.0.min(radii.1) * f64::from(SIDE) + 0.5).clamp(0.0, 1.0)
}

fn mixed(a: [u8; 3], b: [u8; 3], share_of_b: f64) -> [u8; 3] {
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share_of_b).round() as u8;
    [mix(a[0], b[0]), mix(a[1], b[1]), mix(a[2], b[2])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portraits_differ_and_are_small() {
        let looks =
            |long_hair| Looks { backdrop: [120, 150, 160], jacket: [30, 60, 80], hair: [40, 34, 32], long_hair };
        let (short, long) = (draw(looks(false)).unwrap(), draw(looks(true)).unwrap());
        assert_ne!(short, long);
        assert!(short.full.len() < 40_000, "{}", short.full.len());
    }
}
