//! Pictures from phones: looked at before they are decoded, decoded, turned upright and written anew, so that nothing but the
//! picture is kept - no place, no time, no name of a phone, and no second file hidden behind it.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits, RgbImage};

/// Largest file that is looked at, bytes.
pub const BYTES_MAX: usize = 12 << 20;
/// Longest side that is decoded, pixels.
const SIDE_MAX: u32 = 12_000;
/// Most pixels that are decoded: 30 million take 90 MiB for a moment.
const PIXELS_MAX: u64 = 30_000_000;
/// Memory that a decoder may take, bytes.
const DECODER_BYTES_MAX: u64 = 256 << 20;
/// Shortest side that shows anything, pixels.
const SIDE_MIN: u32 = 16;
/// Longest side that is kept, pixels.
const FULL_SIDE: u32 = 1_600;
/// Longest side of the small one, pixels: sharp in a list on any screen, and in print at 4 cm.
const SMALL_SIDE: u32 = 480;
/// Quality of the JPEG files that are kept, 1 to 100.
const QUALITY: u8 = 82;

/// A picture ready to be kept: two JPEG files without anything else in them.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    /// For looking at.
    pub full: Vec<u8>,
    /// For lists and print.
    pub small: Vec<u8>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prepared({} and {} bytes)", self.full.len(), self.small.len())
    }
}

/// Why a picture was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    /// Neither JPEG nor PNG.
    #[error("the file is neither a JPEG nor a PNG picture")]
    Kind,
    /// More bytes, or more pixels, than are looked at.
    #[error("the picture is too large; at most 12 MiB and 30 million pixels are taken")]
    TooLarge,
    /// Too small to show anything.
    #[error("the picture is too small to show anything")]
    TooSmall,
    /// The file is damaged.
    #[error("the picture could not be read; the file is damaged")]
    Damaged,
}

/// Makes a file from outside fit to be kept. Takes some tenths of a second and one core: call it on a blocking pool, one at a
/// time.
///
/// # Errors
/// When it is no picture that is taken; nothing was decoded then that its head had not announced within bounds.
pub fn prepare(bytes: &[u8]) -> Result<Prepared, PhotoError> {
    if bytes.len() > BYTES_MAX {
        return Err(PhotoError::TooLarge);
    }
    let format = image::guess_format(bytes).map_err(|_| PhotoError::Kind)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png) {
        return Err(PhotoError::Kind);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if width > SIDE_MAX || height > SIDE_MAX || u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(PhotoError::TooLarge);
    }
    if width.min(height) < SIDE_MIN {
        return Err(PhotoError::TooSmall);
    }
    let upright = decoder.orientation().map_err(refused)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    picture.apply_orientation(upright);
    let full = on_white(&fitted(picture, FULL_SIDE));
    let small = on_white(&fitted(DynamicImage::ImageRgb8(full.clone()), SMALL_SIDE));
    Ok(Prepared { full: jpeg(&full)?, small: jpeg(&small)? })
}

fn refused(error: image::ImageError) -> PhotoError {
    if matches!(error, image::ImageError::Limits(_)) { PhotoError::TooLarge } else { PhotoError::Damaged }
}

/// No larger than a side; a smaller one stays as it is.
fn fitted(picture: DynamicImage, side: u32) -> DynamicImage {
    if picture.width().max(picture.height()) <= side {
        return picture;
    }
    // Halved cheaply first, so that the good filter has little to do.
    let rough =
        if picture.width().max(picture.height()) > 3 * side { picture.thumbnail(2 * side, 2 * side) } else { picture };
    rough.resize(side, side, FilterType::Triangle)
}

/// Without transparency: what shines through is white.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let with_alpha = picture.to_rgba8();
    let mut flat = RgbImage::new(with_alpha.width(), with_alpha.height());
    for (to, from) in flat.pixels_mut().zip(with_alpha.pixels()) {
        let alpha = u32::from(from.0[3]);
        for (to, from) in to.0.iter_mut().zip(from.0) {
            *to = ((u32::from(from) * alpha + 255 * (255 - alpha)) / 255) as u8;
        }
    }
    flat
}

fn jpeg(picture: &RgbImage) -> Result<Vec<u8>, PhotoError> {
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
    let written = encoder.write_image(picture.as_raw(), picture.width(), picture.height(), ExtendedColorType::Rgb8);
    written.map(|()| out).map_err(|_| PhotoError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two thirds red above, one third blue below.
    fn picture(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |_, y| {
            if y * 3 < height * 2 { image::Rgb([200, 20, 20]) } else { image::Rgb([20, 20, 200]) }
        })
    }

    fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    /// A JPEG with an EXIF block that says how the phone was held, and where it was.
    fn from_phone(orientation: u8) -> Vec<u8> {
        let plain = encoded(&picture(600, 300), ImageFormat::Jpeg);
        let mut tiff = b"II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        tiff.extend([orientation, 0, 0, 0]);
        tiff.extend(b"\x0f\x01\x02\0\x0c\0\0\0\x26\0\0\0\0\0\0\0GPS SECRET\0\0");
        let mut block = b"Exif\0\0".to_vec();
        block.extend(&tiff);
        let length = u16::try_from(block.len() + 2).unwrap().to_be_bytes();
        [&plain[..2], &[0xff, 0xe1], &length[..], &block, &plain[2..]].concat()
    }

    fn looked_at(bytes: &[u8]) -> RgbImage {
        image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).unwrap().to_rgb8()
    }

    #[test]
    fn what_a_phone_adds_is_gone_and_the_picture_stands_upright() {
        fn check(orientation: u8, expected: (u32, u32), red_at: (u32, u32)) {
            let sent = from_phone(orientation);
            assert!(sent.windows(10).any(|window| window == b"GPS SECRET"));
            let prepared = prepare(&sent).unwrap();
            for kept in [&prepared.full, &prepared.small] {
                assert!(!kept.windows(4).any(|window| window == b"Exif" || window == b"GPS "), "{orientation}");
            }
            let full = looked_at(&prepared.full);
            assert_eq!(full.dimensions(), expected, "{orientation}");
            let there = full.get_pixel(red_at.0, red_at.1).0;
            assert!(there[0] > 150 && there[2] < 80, "{orientation}: {there:?}");
        }
        check(1, (600, 300), (300, 5));
        check(3, (600, 300), (300, 295));
        check(6, (300, 600), (295, 300));
        check(8, (300, 600), (5, 300));
    }

    #[test]
    fn pictures_are_kept_in_two_sizes() {
        let prepared = prepare(&encoded(&picture(4_000, 3_000), ImageFormat::Jpeg)).unwrap();
        assert_eq!(looked_at(&prepared.full).dimensions(), (1_600, 1_200));
        assert_eq!(looked_at(&prepared.small).dimensions(), (480, 360));
        assert!(prepared.small.len() < 60_000, "{}", prepared.small.len());
        let tiny = prepare(&encoded(&picture(40, 30), ImageFormat::Png)).unwrap();
        assert_eq!(looked_at(&tiny.full).dimensions(), (40, 30));
    }

    #[test]
    fn transparency_becomes_white() {
        let clear = image::RgbaImage::from_pixel(32, 32, image::Rgba([255, 0, 0, 0]));
        let mut out = Cursor::new(Vec::new());
        clear.write_to(&mut out, ImageFormat::Png).unwrap();
        let full = looked_at(&prepare(&out.into_inner()).unwrap().full);
        assert!(full.get_pixel(16, 16).0.iter().all(|value| *value > 250));
    }

    #[test]
    fn bombs_strangers_and_ruins_are_refused() {
        fn check(bytes: &[u8], expected: PhotoError) {
            assert_eq!(prepare(bytes).unwrap_err(), expected);
        }
        let png = encoded(&picture(64, 64), ImageFormat::Png);
        // A head that promises 60,000 times 60,000 pixels in some hundred bytes.
        let mut bomb = png.clone();
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let sum = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        check(&bomb, PhotoError::TooLarge);
        let mut wide = png.clone();
        wide[16..24].copy_from_slice(&[0, 0, 0x2a, 0xf8, 0, 0, 0x2a, 0xf8]);
        let sum = crc32(&wide[12..29]);
        wide[29..33].copy_from_slice(&sum.to_be_bytes());
        check(&wide, PhotoError::TooLarge);
        check(&png[..60], PhotoError::Damaged);
        check(b"", PhotoError::Kind);
        check(b"<svg xmlns='http://www.w3.org/2000/svg'/>", PhotoError::Kind);
        check(b"GIF89a\x01\0\x01\0\0\0\0", PhotoError::Kind);
        check(b"MZ\x90\0 a program", PhotoError::Kind);
        check(&encoded(&picture(8, 8), ImageFormat::Png), PhotoError::TooSmall);
        check(&vec![0xff; BYTES_MAX + 1], PhotoError::TooLarge);
    }

    #[test]
    fn what_hides_behind_a_picture_is_not_kept() {
        let mut sent = encoded(&picture(64, 64), ImageFormat::Png);
        sent.extend(b"<script>alert(1)</script>");
        let kept = prepare(&sent).unwrap();
        assert!(!kept.full.windows(8).any(|window| window == b"<script>"));
    }

    /// The sum of a PNG chunk.
    fn crc32(bytes: &[u8]) -> u32 {
        let step = |sum: u32, byte: &u8| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
        };
        !bytes.iter().fold(!0, step)
    }
}
