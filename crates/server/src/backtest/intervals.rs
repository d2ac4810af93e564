//! Exact confidence intervals of counts, so that "none seen" is not mistaken for "never".
//!
//! A rate from a count: Garwood 1936, Biometrika 28:437. A share: Clopper and Pearson 1934, Biometrika 26:404.

/// Probability left out at each end of a two-sided 95 % interval.
const TAIL: f64 = 0.025;

/// The two-sided 95 % interval of a Poisson mean of which `count` events were seen.
#[must_use]
pub(super) fn poisson_95(count: u64) -> (f64, f64) {
    let most = 10.0 + 4.0 * count as f64;
    // Lower end: the mean at which seeing this many or more has probability 2.5 %; upper end: this many or fewer.
    let lower = if count == 0 { 0.0 } else { turning(most, |mean| 1.0 - poisson_up_to(count - 1, mean) < TAIL) };
    (lower, turning(most, |mean| poisson_up_to(count, mean) > TAIL))
}

/// The two-sided 95 % interval of a probability of which `part` of `of` trials came true; (0, 1) without trials.
#[must_use]
pub(super) fn binomial_95(part: usize, of: usize) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let lower = if part == 0 { 0.0 } else { turning(1.0, |p| 1.0 - binomial_up_to(part - 1, of, p) < TAIL) };
    let upper = if part >= of { 1.0 } else { turning(1.0, |p| binomial_up_to(part, of, p) > TAIL) };
    (lower, upper)
}

/// Bisects for the value up to which `holds` holds; it must hold at 0 and fail at `most`.
fn turning(most: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, most);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if holds(middle) { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Probability of at most `count` events at a mean, summed in logarithms so that large means do not underflow.
fn poisson_up_to(count: u64, mean: f64) -> f64 {
    if mean <= 0.0 {
        return 1.0;
    }
    let mut log_term = -mean;
    let mut sum = log_term.exp();
    for k in 1..=count {
        log_term += mean.ln() - (k as f64).ln();
        sum += log_term.exp();
    }
    sum.min(1.0)
}

/// Probability of at most `part` of `of` trials at a probability strictly between 0 and 1.
fn binomial_up_to(part: usize, of: usize, p: f64) -> f64 {
    let odds_ln = p.ln() - (-p).ln_1p();
    let mut log_term = of as f64 * (-p).ln_1p();
    let mut sum = log_term.exp();
    for k in 1..=part {
        log_term += ((of - k + 1) as f64).ln() - (k as f64).ln() + odds_ln;
        sum += log_term.exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_published_tables() {
        // Garwood's table as reprinted in Ulm 1990, Am J Epidemiol 131:373.
        for (count, lower, upper) in [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (20, 12.217, 30.888)] {
            let (got_lower, got_upper) = poisson_95(count);
            assert!((got_lower - lower).abs() < 1e-3, "{count}: {got_lower}");
            assert!((got_upper - upper).abs() < 1e-3, "{count}: {got_upper}");
        }
        // The ends for none and for all have closed forms: 1 - 0.025^(1/n).
        for (part, of, lower, upper) in [
            (0, 10, 0.0, 0.3085),
            (10, 10, 0.6915, 1.0),
            (5, 10, 0.1871, 0.8129),
            (0, 0, 0.0, 1.0),
            (1, 20, 0.0013, 0.2487),
        ] {
            let (got_lower, got_upper) = binomial_95(part, of);
            assert!((got_lower - lower).abs() < 1e-4, "{part}/{of}: {got_lower}");
            assert!((got_upper - upper).abs() < 1e-4, "{part}/{of}: {got_upper}");
        }
    }
}
