//! Exact confidence interval of a rate from a count (Garwood 1936), so that "none seen" is not mistaken for "never".

/// The two-sided 95 % interval of a Poisson mean of which `count` events were seen.
#[must_use]
pub(super) fn interval_95(count: u64) -> (f64, f64) {
    let tail = 0.025;
    // Lower end: the mean at which seeing this many or more has probability 2.5 %; upper end: this many or fewer.
    let lower = if count == 0 { 0.0 } else { mean_where(|mean| 1.0 - cdf(count - 1, mean) < tail, count) };
    (lower, mean_where(|mean| cdf(count, mean) > tail, count))
}

/// Bisects for the mean up to which `holds` holds; it must hold at 0 and fail for large means.
fn mean_where(holds: impl Fn(f64) -> bool, count: u64) -> f64 {
    let (mut low, mut high) = (0.0, 10.0 + 4.0 * count as f64);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if holds(middle) { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Probability of at most `count` events at a mean, summed in logarithms so that large means do not underflow.
fn cdf(count: u64, mean: f64) -> f64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_published_table() {
        // Garwood's table as reprinted in Ulm 1990, Am J Epidemiol 131:373.
        for (count, lower, upper) in [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (20, 12.217, 30.888)] {
            let (got_lower, got_upper) = interval_95(count);
            assert!((got_lower - lower).abs() < 1e-3, "{count}: {got_lower}");
            assert!((got_upper - upper).abs() < 1e-3, "{count}: {got_upper}");
        }
    }
}
