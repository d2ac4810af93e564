//! Durations and sizes as people write them: a number with its unit.

use std::time::Duration;

const DURATION_UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

const SIZE_UNITS: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Reads `250ms`, `30s`, `15m`, `2h` or `30d`.
///
/// # Errors
/// A sentence for the person who wrote it.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    scaled(text, &DURATION_UNITS)
        .map(Duration::from_millis)
        .ok_or_else(|| format!("`{text}` is not a duration with its unit, such as \"15m\" (ms, s, m, h, d)"))
}

/// Reads a duration of more than nothing.
///
/// # Errors
/// A sentence for the person who wrote it.
pub(super) fn some_time(text: &str) -> Result<Duration, String> {
    let read = duration(text)?;
    if read.is_zero() { Err(format!("`{text}` is no time at all, which makes no sense here")) } else { Ok(read) }
}

/// Reads `64KiB`, `1MiB` or `2GiB` into bytes.
///
/// # Errors
/// A sentence for the person who wrote it.
pub(super) fn size_bytes(text: &str) -> Result<u64, String> {
    scaled(text, &SIZE_UNITS)
        .ok_or_else(|| format!("`{text}` is not a size with its unit, such as \"1MiB\" (B, KiB, MiB, GiB)"))
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_unit_is_no_duration() {
        for (text, expected) in [
            ("15m", Ok(900_000)),
            ("250ms", Ok(250)),
            ("30 d", Ok(2_592_000_000)),
            ("15", Err("`15` is not a duration with its unit, such as \"15m\" (ms, s, m, h, d)")),
            ("m", Err("`m` is not a duration with its unit, such as \"15m\" (ms, s, m, h, d)")),
            ("-1s", Err("`-1s` is not a duration with its unit, such as \"15m\" (ms, s, m, h, d)")),
            (
                "99999999999999999d",
                Err("`99999999999999999d` is not a duration with its unit, such as \"15m\" (ms, s, m, h, d)"),
            ),
        ] {
            let got = duration(text).map(|d| d.as_millis());
            assert_eq!(got.as_ref().map_err(String::as_str).copied(), expected);
        }
        assert_eq!(some_time("0h").unwrap_err(), "`0h` is no time at all, which makes no sense here");
        assert_eq!(some_time("1ms"), Ok(Duration::from_millis(1)));
        assert_eq!(size_bytes("1MiB"), Ok(1_048_576));
    }
}
