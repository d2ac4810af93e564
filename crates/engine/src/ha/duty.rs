//! How hard a machine that loads and unloads works: the loaded share of its running time, day by day.
//!
//! Seen every ten minutes, whether such a machine is loaded is the toss of a coin, and a day of tosses is off by three to five
//! points: a kelvin and a half of heat that was never made. An average over some days is no way out: it blurs weekends
//! and follows a changed demand late. So the days are read as what they are: a level that holds until it changes, a week that
//! repeats, a day of its own, and the toss.
//!
//! - The toss has the variance `p (1 - p) / n` of `n` samples, and no more than that is taken for it.
//! - What the days differ beyond it is their own, and is kept in that proportion.
//! - When the level changed is not known, so the level is the mean over all ways to cut the days into spans, each weighed by its
//!   evidence (Fearnhead 2006, exact for independent spans; forward and backward sums).
//! - Weekdays differ by as much as they differ beyond what the toss explains (empirical Bayes, Efron and Morris 1975).

use std::ops::Range;

use super::points::median;
use crate::sd::day::DayRecord;

/// A day with less running says nothing, h.
const RUN_MIN_H: f64 = 0.5;
/// Half the log odds against a change of level on any one day, with what a further level costs: a change every two months or so.
const AGAINST_CHANGE: f64 = 4.5;
/// Days from which weekdays are told apart.
const WEEKLY_FROM_DAYS: usize = 21;
/// Days from which their own spread is known.
const SPREAD_FROM_DAYS: usize = 6;
/// A median needs so many times the values of a mean (pi / 2).
const MEDIAN_COST: f64 = 1.57;
/// One farther off than so many standard deviations is an odd day, and no change.
const COOL_ODD_SDS: f64 = 3.0;
/// A ratio of four hours' heat to another four's is no better known than this.
const COOL_SD_MIN: f64 = 0.01;
/// The toss of a machine that is nearly always, or hardly ever, loaded is that of one loaded for so much of the time.
const TOSS_SHARE: (f64, f64) = (0.05, 0.95);
/// The median of absolute differences of two normal values, over their common sd squared.
const MEDIAN_TO_SD: f64 = 1.4826;

/// One day's figure.
#[derive(Clone, Copy, Debug)]
struct Run {
    place: usize,
    weekday: usize,
    run_h: f64,
    share: f64,
}

fn runs(days: &[DayRecord], share: impl Fn(&DayRecord) -> Option<f64>) -> Vec<Run> {
    let run = |(place, d): (usize, &DayRecord)| {
        let share = share(d).filter(|_| d.run_h() > RUN_MIN_H)?;
        Some(Run { place, weekday: usize::from(d.day % 7), run_h: d.run_h(), share })
    };
    days.iter().enumerate().filter_map(run).collect()
}

/// Loaded share of each day of a machine that is sampled about every `sample_h` hours; `None` of days that hardly ran.
pub(super) fn of_days(days: &[DayRecord], sample_h: f64) -> Vec<Option<f64>> {
    let mut runs = runs(days, |d| Some((d.load_h() / d.run_h()).clamp(0.0, 1.0)));
    let mut shares = vec![None; days.len()];
    if runs.is_empty() {
        return shares;
    }
    let weekly = weekly(&runs);
    runs.iter_mut().for_each(|r| r.share -= weekly[r.weekday]);
    let level = mean(&runs).clamp(TOSS_SHARE.0, TOSS_SHARE.1);
    let toss = |r: &Run| level * (1.0 - level) * (sample_h / r.run_h).clamp(1e-4, 1.0);
    let usual_toss = median(&mut runs.iter().map(toss).collect::<Vec<_>>()).unwrap_or(1.0);
    let own = (spread(&runs) - usual_toss).max(0.0);
    let vars: Vec<f64> = runs.iter().map(|r| toss(r) + own).collect();
    for ((r, var), level) in runs.iter().zip(&vars).zip(levels(&runs, &vars)) {
        let share = level + own / var * (r.share - level) + weekly[r.weekday];
        shares[r.place] = Some(share.clamp(0.0, 1.0));
    }
    shares
}

/// Heat made in the cool hours of each day over that made in its hot ones, of a machine that loads and unloads; `None` of days
/// without either. Four hours of tosses tell nothing of a day, but nights and afternoons differ in the same way for weeks.
pub(super) fn of_cool_hours(days: &[DayRecord]) -> Vec<Option<f64>> {
    let mut runs = runs(days, |d| d.cool().is_some().then(|| d.cool_heat()));
    let weekly = weekly(&runs);
    runs.iter_mut().for_each(|r| r.share -= weekly[r.weekday]);
    let var = spread(&runs).max(COOL_SD_MIN * COOL_SD_MIN);
    let usual = median(&mut runs.iter().map(|r| r.share).collect::<Vec<_>>()).unwrap_or(1.0);
    let odd = COOL_ODD_SDS * var.sqrt();
    runs.iter_mut().for_each(|r| r.share = r.share.clamp(usual - odd, usual + odd));
    let vars = vec![var; runs.len()];
    let mut shares = vec![None; days.len()];
    for (r, level) in runs.iter().zip(levels(&runs, &vars)) {
        shares[r.place] = Some((level + weekly[r.weekday]).max(0.0));
    }
    shares
}

fn mean(runs: &[Run]) -> f64 {
    let (sum, n) = runs.iter().fold((0.0, 0.0), |(sum, n), r| (sum + r.run_h * r.share, n + r.run_h));
    sum / n
}

/// Variance of a day about its level, from the differences of days that follow each other: changes of level are few, and do not
/// move a median.
fn spread(runs: &[Run]) -> f64 {
    let mut steps: Vec<f64> = runs.windows(2).map(|two| (two[1].share - two[0].share).abs()).collect();
    let sd = median(&mut steps).filter(|_| runs.len() >= SPREAD_FROM_DAYS).map_or(0.0, |step| MEDIAN_TO_SD * step);
    0.5 * sd * sd
}

/// How each weekday differs from its week.
fn weekly(runs: &[Run]) -> [f64; 7] {
    let mut raw = [0.0; 7];
    if runs.len() < WEEKLY_FROM_DAYS {
        return raw;
    }
    // By medians: one odd day must not make a habit of its weekday.
    let mut off: [Vec<f64>; 7] = Default::default();
    for (i, r) in runs.iter().enumerate() {
        off[r.weekday].push(r.share - mean(&runs[i.saturating_sub(3)..runs.len().min(i + 4)]));
    }
    let n = off.each_ref().map(|off| off.len() as f64 / MEDIAN_COST);
    for (raw, off) in raw.iter_mut().zip(&mut off) {
        *raw = median(off).unwrap_or(0.0);
    }
    let left: Vec<Run> = runs.iter().map(|r| Run { share: r.share - raw[r.weekday], ..*r }).collect();
    let var = spread(&left);
    let seen = || raw.iter().zip(n).filter(|(_, n)| *n > 0.0);
    let (square, by_chance) =
        seen().fold((0.0, 0.0), |(square, chance), (raw, n)| (square + raw * raw, chance + var / n));
    let count = seen().count() as f64;
    let truly = ((square - by_chance) / count).max(0.0);
    std::array::from_fn(|k| raw[k] * truly / (truly + var / n[k].max(1.0)).max(1e-12))
}

/// Level of each day: the mean over all cuts into spans of one level each.
fn levels(runs: &[Run], vars: &[f64]) -> Vec<f64> {
    let n = runs.len();
    // A span of one day fits it, so no sum falls below `exp(-AGAINST_CHANGE)` to the number of days: some hundred nats.
    let spans = Spans::new(runs, vars);
    let (mut until, mut since) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    (until[0], since[n]) = (1.0, 1.0);
    for from in 0..n {
        let (so_far, likelihoods) = (until[from], &spans.likelihoods[spans.of(from)]);
        until[from + 1..].iter_mut().zip(likelihoods).for_each(|(sum, likelihood)| *sum += so_far * likelihood);
    }
    let mut changes = vec![0.0; n + 1];
    for from in (0..n).rev() {
        let (likelihoods, levels) = (&spans.likelihoods[spans.of(from)], &spans.levels[spans.of(from)]);
        let so_far = until[from] / until[n];
        let later = &since[from + 1..];
        let (sum, begins) = (product(likelihoods, later), so_far * product(levels, later));
        let ends = changes[from + 1..].iter_mut().zip(levels.iter().zip(later));
        ends.for_each(|(change, (level, since))| *change -= so_far * level * since);
        since[from] = sum;
        changes[from] += begins;
    }
    let running = changes.iter().scan(0.0, |level, change| {
        *level += change;
        Some(*level)
    });
    running.take(n).collect()
}

/// All spans of days that follow each other, each taken as one level, by their first day and then by their last. They are half the
/// work of a day's close, so each figure of them stands in one piece, and loops over them go without branches and calls.
struct Spans {
    likelihoods: Vec<f64>,
    /// Level of a span times its likelihood.
    levels: Vec<f64>,
    days: usize,
}

impl Spans {
    fn new(runs: &[Run], vars: &[f64]) -> Self {
        let days = runs.len();
        // Running sums, so that any span costs the same.
        let sums = |of: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
            let days = runs.iter().zip(vars).scan(0.0, |sum, (r, var)| {
                *sum += of(var.recip(), r.share);
                Some(*sum)
            });
            std::iter::once(0.0).chain(days).collect()
        };
        let weights = sums(&|weight, _| weight);
        let (values, squares) = (sums(&|weight, share| weight * share), sums(&|weight, share| weight * share * share));
        let all = days * (days + 1) / 2;
        let mut spans = Self { likelihoods: vec![0.0; all], levels: vec![0.0; all], days };
        for from in 0..days {
            let own = spans.of(from);
            let all = spans.likelihoods[own.clone()].iter_mut().zip(&mut spans.levels[own]);
            let begin = (weights[from], values[from], squares[from]);
            let ends = weights[from + 1..].iter().zip(&values[from + 1..]).zip(&squares[from + 1..]);
            for ((likelihood, level), ((weight, value), square)) in all.zip(ends) {
                let (weight, value, square) = (weight - begin.0, value - begin.1, square - begin.2);
                let mean = value / weight;
                *likelihood = exp(-0.5 * (square - value * mean).max(0.0) - AGAINST_CHANGE);
                *level = mean * *likelihood;
            }
        }
        spans
    }

    /// Where those stand that begin with a day, the shortest first.
    fn of(&self, day: usize) -> Range<usize> {
        let before = day * self.days - day * day.saturating_sub(1) / 2;
        before..before + self.days - day
    }
}

/// Scalar product in four sums side by side: one alone would wait for each of its own additions.
fn product(a: &[f64], b: &[f64]) -> f64 {
    let (fours_a, fours_b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest = fours_a.remainder().iter().zip(fours_b.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    let sums =
        fours_a.zip(fours_b).fold([0.0; 4], |sums: [f64; 4], (a, b)| std::array::from_fn(|i| sums[i] + a[i] * b[i]));
    sums.iter().sum::<f64>() + rest
}

/// The exponential to eleven digits, inline and without branches: thousands are taken at once, and the library's comes as a call for
/// each. What lies below -700 is nothing beside any sum it enters.
fn exp(x: f64) -> f64 {
    /// Added to a number, it leaves the nearest whole one in the last bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    /// One over the factorials, from 9 down to 0.
    const SERIES: [f64; 10] = {
        let mut series = [1.0; 10];
        let mut k = 1;
        while k < 10 {
            series[9 - k] = series[10 - k] / k as f64;
            k += 1;
        }
        series
    };
    let x = x.max(-700.0);
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let rest = x - (shifted - ROUND) * std::f64::consts::LN_2;
    let power_of_two = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    SERIES.iter().fold(0.0, |sum, term| sum * rest + term) * power_of_two
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sd::day::Point;

    const SAMPLE_H: f64 = 1.0 / 6.0;

    /// Root mean square error of the shares of the last `judged` of ninety days that are sampled every ten minutes, and that of
    /// plain four-day averages.
    fn errors(judged: usize, share: impl Fn(usize) -> f64) -> (f64, f64) {
        let mut state = 1_u32;
        let mut toss = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24)
        };
        let days: Vec<DayRecord> = (0..90)
            .map(|day| {
                let loaded = (0..144).filter(|_| toss() < share(day)).count() as f64 * SAMPLE_H;
                DayRecord::new(day as u16, Point::default(), Point::default(), None, None)
                    .with_hours(24.0, loaded, None)
            })
            .collect();
        let shares = of_days(&days, SAMPLE_H);
        let rms = |error: &dyn Fn(usize) -> f64| {
            ((90 - judged..90).map(|day| error(day).powi(2)).sum::<f64>() / judged as f64).sqrt()
        };
        let four = |day: usize| days[day - 3..=day].iter().map(DayRecord::load_h).sum::<f64>() / 96.0;
        (rms(&|day| shares[day].unwrap() - share(day)), rms(&|day| four(day) - share(day)))
    }

    fn check(name: &str, judged: usize, share: impl Fn(usize) -> f64, most: f64) {
        let (smooth, four) = errors(judged, share);
        assert!(smooth < most && smooth < four, "{name}: {smooth:.4}, four days' average {four:.4}");
    }

    #[test]
    fn the_exponential_is_that_of_the_library() {
        for x in (0..7_000).map(|i| 3.0 - 0.1 * f64::from(i)) {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-11, "{x}: {} {}", exp(x), x.exp());
        }
        assert!(exp(-1e9) < 1e-300 && exp(-1e9) >= 0.0);
    }

    #[test]
    fn days_are_read_better_than_by_an_average_of_some() {
        check("constant", 80, |_| 0.8, 0.01);
        check("a change", 80, |day| if day < 60 { 0.6 } else { 0.8 }, 0.015);
        check("a change of four days ago", 8, |day| if day < 86 { 0.6 } else { 0.8 }, 0.03);
        check("rest days", 80, |day| if day % 7 < 5 { 0.8 } else { 0.6 }, 0.015);
        check("days of their own", 80, |day| 0.7 + 0.1 * f64::sin(day as f64 * 2.4), 0.04);
        check("growing", 80, |day| 0.5 + 0.004 * day as f64, 0.02);
    }

    #[test]
    fn an_odd_day_says_nothing_of_cool_hours() {
        let day = |day: u16| {
            let odd = if day == 60 { 2.0 } else { 0.0 };
            let share = 0.8 + 0.05 * f64::sin(f64::from(day) * 2.4);
            let hour = |amps_a: f64| Point::new(85.0, Some(25.0), amps_a, None);
            let heat = hour(100.0 * (share + odd).min(1.6));
            DayRecord::new(day, hour(100.0), heat, None, None).with_hours(24.0, 20.0, None)
        };
        let shares = of_cool_hours(&(0..90).map(day).collect::<Vec<_>>());
        assert!(shares.iter().flatten().all(|share| (share - 0.8).abs() < 0.06), "{shares:?}");
        assert_eq!(shares.iter().flatten().count(), 90);
    }

    #[test]
    fn odd_days_do_no_harm() {
        let day = |day: u16, run_h: f64, load_h: f64| {
            DayRecord::new(day, Point::default(), Point::default(), None, None).with_hours(run_h, load_h, None)
        };
        assert!(of_days(&[], SAMPLE_H).is_empty());
        let days: Vec<DayRecord> = (0..96)
            .map(|d| match d % 5 {
                0 => day(d, 0.0, 0.0),
                1 => day(d, 24.0, 24.0),
                2 => day(d, 0.6, 0.0),
                _ => day(d, 12.0, f64::from(d % 12)),
            })
            .collect();
        for sample_h in [0.0, 1.0 / 3600.0, 1.0, f64::INFINITY] {
            let shares = of_days(&days, sample_h);
            assert!(shares.iter().flatten().all(|share| (0.0..=1.0).contains(share)), "{sample_h}: {shares:?}");
            assert_eq!(shares.iter().flatten().count(), 76, "{sample_h}");
        }
    }
}
