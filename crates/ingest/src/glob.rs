//! Patterns in which `*` stands for any run of characters.

/// Whether a pattern fits a whole text. Linear in time: on a mismatch it returns to the latest star only.
pub(crate) fn fits(pattern: &str, text: &str, same: impl Fn(u8, u8) -> bool) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if same(*c, text[t]) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// For identities.
pub(crate) fn exactly(a: u8, b: u8) -> bool {
    a == b
}

/// For metric names: people write them in any case.
pub(crate) fn whatever_case(a: u8, b: u8) -> bool {
    a.eq_ignore_ascii_case(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(fits(pattern, text, whatever_case), expected, "{pattern} {text}");
    }

    #[test]
    fn a_star_stands_for_any_run() {
        check("Compressor/Discharge Temperature", "compressor/discharge temperature", true);
        check("*/Discharge Temperature", "Line 2/Compressor/Discharge Temperature", true);
        check("*/Discharge*", "Discharge Temperature", false);
        check("*", "", true);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "a-c-b", false);
        assert!(!fits("K1", "k1", exactly) && fits("K*", "K1", exactly));
    }
}
