//! Exact intervals for shares and rates, medians and quantiles.

/// Exact 95 % interval of a Poisson rate, per unit of `exposure`, after `count` events (Garwood 1936).
pub(crate) fn poisson_95(count: usize, exposure: f64) -> (f64, f64) {
    let n = count as f64;
    let top = 4.0 * n + 20.0;
    let low = if count == 0 { 0.0 } else { root(0.0, n, |mean| 1.0 - poisson_cdf(count - 1, mean) - 0.025) };
    let high = root(n, top, |mean| 0.025 - poisson_cdf(count, mean));
    (low / exposure.max(1e-9), high / exposure.max(1e-9))
}

/// Exact 95 % interval of a share, 0 to 1, after `hits` of `n` (Clopper and Pearson 1934).
pub(crate) fn binomial_95(hits: usize, n: usize) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let low = if hits == 0 { 0.0 } else { root(0.0, 1.0, |p| 1.0 - binomial_cdf(hits - 1, n, p) - 0.025) };
    let high = if hits == n { 1.0 } else { root(0.0, 1.0, |p| 0.025 - binomial_cdf(hits, n, p)) };
    (low, high)
}

/// Where a rising function passes zero.
fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if f(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

fn poisson_cdf(count: usize, mean: f64) -> f64 {
    let mut log_term = -mean;
    let mut sum = log_term.exp();
    for k in 1..=count {
        log_term += mean.max(1e-300).ln() - (k as f64).ln();
        sum += log_term.exp();
    }
    sum.min(1.0)
}

fn binomial_cdf(hits: usize, n: usize, p: f64) -> f64 {
    let (log_p, log_q) = (p.max(1e-300).ln(), (1.0 - p).max(1e-300).ln());
    let mut log_choose = 0.0;
    let mut sum = 0.0;
    for k in 0..=hits {
        sum += (log_choose + k as f64 * log_p + (n - k) as f64 * log_q).exp();
        log_choose += ((n - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    sum.min(1.0)
}

/// The middle value; of two middles their mean; `None` of nothing.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    (n > 0).then(|| 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]))
}

/// Quantile with straight lines between the values; `None` of nothing.
pub(crate) fn quantile(mut values: Vec<f64>, q: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = q * values.len().checked_sub(1)? as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let next = values.get(low + 1).unwrap_or(&values[low]);
    Some(values[low] * (1.0 - part) + next * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(got: (f64, f64), want: (f64, f64)) {
        assert!((got.0 - want.0).abs() < 1e-3 && (got.1 - want.1).abs() < 1e-3, "{got:?}, not {want:?}");
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        check(poisson_95(0, 1.0), (0.0, 3.689));
        check(poisson_95(10, 1.0), (4.795, 18.390));
        check(poisson_95(10, 100.0), (0.048, 0.184));
        check(binomial_95(8, 10), (0.444, 0.975));
        check(binomial_95(0, 20), (0.0, 0.168));
        check(binomial_95(20, 20), (0.832, 1.0));
    }

    #[test]
    fn the_median_of_two_is_between_them() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([1.0, 2.0]), Some(1.5));
        assert_eq!(median([]), None);
    }
}
