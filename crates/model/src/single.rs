//! Single-precision numbers as the decimals that they stand for.

/// A single-precision number as the double that prints like it: `83.2_f32` is 83.2, not 83.19999694824219. Whoever widens a
/// measured value for people or for the log does it here; exact widening would show digits that nobody measured.
#[must_use]
pub fn widened(value: f32) -> f64 {
    /// From here on not every whole number has a single of its own.
    const WHOLE_MAX: f64 = (1_u32 << f32::MANTISSA_DIGITS) as f64;
    let exact = f64::from(value);
    if exact.abs() < WHOLE_MAX {
        // The fewest decimals that still mean this very number; what is measured has one to three of them.
        for scale in [1.0, 10.0, 100.0, 1e3, 1e4, 1e5] {
            let decimal = (exact * scale).round() / scale;
            if (decimal as f32).to_bits() == value.to_bits() {
                return decimal;
            }
        }
    }
    // Rust prints the shortest decimal that reads back as the same number.
    format!("{value:e}").parse().unwrap_or(exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_it_was_written() {
        for text in
            ["83.2", "-0.1", "41.7", "0.005", "4021.5", "16777216", "1e-7", "340000000000", "0", "-0", "99999.99"]
        {
            let value: f32 = text.parse().unwrap();
            assert_eq!(widened(value).to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
    }

    #[test]
    fn reads_back_as_the_same_number() {
        // A walk over every 100,003rd bit pattern: subnormal, huge, infinite and NaN ones too.
        for bits in (0..u32::MAX).step_by(100_003) {
            let value = f32::from_bits(bits);
            let wide = widened(value);
            assert!(wide as f32 == value || (wide.is_nan() && value.is_nan()), "{value}");
            assert!(value.is_nan() || wide.to_string().len() <= value.to_string().len(), "{value} became {wide}");
        }
    }
}
